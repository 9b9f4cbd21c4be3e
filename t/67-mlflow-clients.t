#!/usr/bin/perl
# MLflow's own Python clients, 2.x and 3.x, as PyPI has them, through doc/champion.py: the main job of the mlflow dialect.
# Where PyPI cannot be reached, or Python has no pip, there is nothing to run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Kept;

my (%python, $why);
for my $major (2, 3) {
    (my $dir, $why) = Thaw::Kept::python("mlflow-$major");
    $python{$major} = $dir && "$dir/bin/python";
}
plan skip_all => $why if !grep { $_ } values %python;

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
