#!/usr/bin/perl
# A dialect of one resource (t/skeleton) is put into a copy of the tree as CONTRIBUTING.md says, built and
# served: what its rows say is all there is to it.  And two careless routes of it, which ask nobody
# whether the caller may, answer 500 and leave nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use File::Temp;

my ($tree, $name) = ("$FindBin::Bin/..", $Thaw::BUILD =~ m{([^/]+)$});
plan skip_all => 'the build is not in build/' if $Thaw::BUILD ne "$Thaw::SRC/build/$name";
my $dir = File::Temp::tempdir('thaw-skeleton.XXXXXX', TMPDIR => 1, CLEANUP => 1);
sub sh { my $out = qx{@_ 2>&1}; is($?, 0, $_[0] =~ s/\s.*//sr) or diag(substr $out, -4000) }
sub edit {
    my ($file, $change) = @_;
    local $_ = slurp("$dir/$file");
    $change->();
    spew("$dir/$file", $_);
}
sub added { slurp("$FindBin::Bin/skeleton/$_[0]") }

subtest 'the recipes' => sub {
    mkdir "$dir/build" or die $!;
    sh("tar -C '$tree' --exclude=./.git --exclude=./build -cf - . | tar -C '$dir' -xf - && mkdir -p '$dir/build/$name' && tar -C '$Thaw::BUILD' --exclude=./t-cache -cf - . | tar -C '$dir/build/$name' -xf -");
    spew("$dir/src/$_", added($_)) for qw(dom_gadget.h dom_gadget.c api_gadgets.c);
    my ($last) = map { m{/(\d+)_[^/]*$} } reverse sort glob "$dir/sql/0*.sql";
    my $version = $last + 1;
    my $migration = sprintf 'sql/%04d_gadgets.sql', $version;
    spew("$dir/$migration", added('schema.sql'));
    edit('sql/grants.sql', sub { $_ .= added('grants.sql') });
    edit('src/db.h', sub { s/SCHEMA_MIN = \d+, SCHEMA_MAX = \d+/SCHEMA_MIN = $version, SCHEMA_MAX = $version/ or die });
    # an object
    edit('src/life.def', sub { $_ .= added('life.def') });
    edit('src/columns.h', sub { s/(?=#endif\s*\z)/added('columns.h') . "\n"/e or die });
    edit('src/sql.def', sub { s/(?='authorization', 'webhook_endpoint')/'gadget', / or die });
    edit('src/objects.c', sub { s/(?=#include "dom_model.h")/#include "dom_gadget.h"\n/ or die });
    # a dialect
    edit('src/dialects.h', sub { s/(?<=api_plain, )/api_gadgets, / or die });
    edit('src/dialects.c', sub { s/(?=&api_plain)/&api_gadgets, / or die });
    edit('Makefile.am', sub {
        s{(?=\tsql/0001_base.sql)}{\t$migration \\\n} or die;
        s{(?=\tsrc/api_models.c)}{\tsrc/api_gadgets.c \\\n} or die;
        s{(?=\tsrc/dom_model.c)}{\tsrc/dom_gadget.c \\\n\tsrc/dom_gadget.h \\\n} or die;
    });
    sh("make -j2 -C '$dir/build/$name' thaw thaw.fcgi");
};

subtest 'served' => sub {
    my $r = qx{cd '$dir' && THAW_BUILDDIR='$dir/build/$name' $^X '$dir/t/skeleton/served.t' 2>&1};
    is($?, 0, 'as its rows say') or diag($r);
    note $r;
};

done_testing;
