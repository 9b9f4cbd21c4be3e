#!/usr/bin/perl
# MLflow's own Python clients, 2.x and 3.x, as PyPI has them, through doc/champion.py: the main job of the mlflow dialect.
# Where PyPI cannot be reached, or Python has no pip, there is nothing to run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

# Each is kept with the build, since its own needs are large.
my %needs = (2 => [ 'mlflow-skinny<3', 'pandas', 'sqlalchemy<2.1', 'alembic' ], 3 => [ 'mlflow-skinny>=3', 'pandas', 'sqlalchemy', 'alembic' ]);

sub python {
    my ($major) = @_;
    my $dir = "$Thaw::BUILD/mlflow-$major";
    return "$dir/bin/python" if !system("$dir/bin/python -c 'import mlflow' 2>/dev/null");
    return if system('curl -sf -m 5 -o /dev/null https://pypi.org/simple/mlflow-skinny/ 2>/dev/null');
    return if system("timeout 60 python3 -m venv $dir >/dev/null 2>&1");
    system('timeout', '400', 'sh', '-c', "exec \"\$\@\" >$dir/pip.log 2>&1", 'sh', "$dir/bin/pip", 'install', '-q', '--disable-pip-version-check', @{ $needs{$major} }) and return;
    return "$dir/bin/python";
}

my %python = map { $_ => python($_) } sort keys %needs;
plan skip_all => 'no PyPI, or no venv with pip' if !grep { $_ } values %python;

# given a server, and a member with a key
my $t = Thaw->new(workers => 2);
$t->member;
my $key = $t->key(user => 'member');

for my $major (sort keys %python) {
    SKIP: {
        skip "mlflow $major was not to be had", 1 if !$python{$major};
        # when the client trains, registers, names a champion, moves it, archives it and restores it
        my $work = "$t->{dir}/mlflow-$major";
        mkdir $work or die "$work: $!";
        my $r = $t->run({ MLFLOW_REGISTRY_URI => "http://127.0.0.1:$t->{port}", MLFLOW_TRACKING_URI => "sqlite:///$work/mlflow.db", MLFLOW_TRACKING_USERNAME => 'me',
            MLFLOW_TRACKING_PASSWORD => $key, MLFLOW_DISABLE_TELEMETRY => 'true', DO_NOT_TRACK => 'true', PYTHONWARNINGS => 'ignore', HOME => $work, MLFLOW_HTTP_REQUEST_MAX_RETRIES => 2 },
            '', 'sh', '-c', "cd $work && exec timeout 150 $python{$major} $Thaw::SRC/doc/champion.py");

        # then each step went as it says
        is($r->{exit}, 0, "mlflow $major: to its end") or diag $r->{out}, $r->{err};
        is($r->{out}, <<~'END', 'each step as it says');
            version 1 is the champion and says 800
            version 2 is the champion and says 960
            stages {'1': 'Archived', '2': 'Production'}
            archived: Registered Model with name=NAME not found: it is archived
            restored, it says 960
            history ['model.unarchived', 'model.archived', 'model.version_staged', 'model.version_staged']
            END
    }
}
$t->finish;
