# What tests need of PyPI and npm, got once and kept with the build, whichever test asks first:
#
#   my ($python, $why) = Thaw::Kept::python('datarobot');      # a directory with bin/python, or why there is none
#   my ($modules, $why) = Thaw::Kept::node('browser');         # a directory with node_modules
#
# What is to be had is a row below; a row that changes is got again. Two that ask at once: one waits for the other.
package Thaw::Kept;
use strict;
use warnings;
use Fcntl ':flock';
use File::Path qw(make_path remove_tree);
use Thaw;

# Tools at the versions that were tried; clients as they are today, since they must go on working.
my %python = (
    'mlflow-2' => [ 'mlflow-skinny<3', 'pandas', 'sqlalchemy<2.1', 'alembic' ],
    'mlflow-3' => [ 'mlflow-skinny>=3', 'pandas', 'sqlalchemy', 'alembic' ],
    datarobot => ['datarobot'],
    foundry => ['foundry-platform-sdk'],
    openapi => [qw(openapi-spec-validator==0.9.0 openapi-python-client==0.29.1 schemathesis==4.32.5)],
);
# The last ones that run with the Node 18 of Debian 12.
my %node = (
    browser => [qw(playwright-core@1.61.1 axe-core@4.14.1)],
    openapi => [qw(@redocly/cli@1.34.5 @stoplight/spectral-cli@6.16.3)],
);

# A directory that these commands fill: it, or nothing and why not.
sub kept {
    my ($dir, $wanted, @commands) = @_;
    make_path("$Thaw::BUILD/t-cache");
    open my $lock, '>', "$dir.lock" or die "$dir.lock: $!";
    flock $lock, LOCK_EX;
    return $dir if -e "$dir/done" && slurp("$dir/done") eq $wanted;
    remove_tree($dir);
    make_path($dir);
    for my $command (@commands) {
        my $out = `cd '$dir' && { $command; } 2>&1`;
        return (undef, "no $wanted: " . ((split /\n/, $out)[-1] // "$command failed")) if $?;
    }
    spew("$dir/done", $wanted);
    return $dir;
}

sub python {
    my $name = shift;
    my @wanted = @{ $python{$name} // die "Thaw::Kept has no row for $name" };
    return (undef, 'no python3-venv') if system("python3 -c 'import ensurepip, venv' 2>/dev/null");
    return kept("$Thaw::BUILD/t-cache/python-$name", "@wanted", 'timeout 60 python3 -m venv .',
        "timeout 400 bin/pip install -q --disable-pip-version-check --timeout 20 --retries 1 @{[ map { qq('$_') } @wanted ]}");
}

sub node {
    my $name = shift;
    my @wanted = @{ $node{$name} // die "Thaw::Kept has no row for $name" };
    return (undef, 'no npm') if system('npm --version >/dev/null 2>&1');
    return kept("$Thaw::BUILD/t-cache/node-$name", "@wanted", q(echo '{"private":true}' > package.json),
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm_config_cache=\$PWD/cache timeout 300 npm install --no-audit --no-fund --ignore-scripts --fetch-timeout=60000 @wanted");
}

1;
