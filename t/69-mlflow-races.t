#!/usr/bin/perl
# Many of MLflow's clients at once, with exact expectations: who is in a stage, that numbers have no gap, where an
# alias is, who gets a name; and that nobody who comes second is told of a fault of the server's.
# Not run again when it fails (AGAIN=1): what it looks for may happen once in many times.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Thaw;
use Contract;
use Mlflow;
use Registry 'scene';

my $t = Thaw->new(workers => 8);
my ($M, $V) = ('registered-models', 'model-versions');
my $yes = JSON::PP::true;
$t->$_ for qw(admin member);
sub tally { my %n; $n{ $_->{status} }++ for @_; join ' ', map { "$_:$n{$_}" } sort keys %n }
# What so many clients get, who each do their part of so many tasks, one after the other.
sub clients {
    my ($n, $tasks, $do) = @_;
    return map { @$_ } concurrently($n, sub { my $me = shift; return [ map { my $r = $do->($_); { status => $r->{status}, json => $r->{json}, raw => $r->{raw} } } grep { $_ % $n == $me } 0 .. $tasks - 1 ] });
}
sub of_model { "model_id = (SELECT id FROM models WHERE name_hash = UNHEX(SHA2('$_[0]', 256)))" }
# How often two versions held one name at a time; and which one does.
sub overlaps {
    my ($name, $kind, $of) = @_;
    my $of_it = of_model($name) . " AND kind = '$kind' AND name = '$of'";
    return scalar $t->sql("SELECT COUNT(*) FROM (SELECT * FROM model_holds WHERE $of_it) a JOIN (SELECT * FROM model_holds WHERE $of_it) b ON a.id < b.id AND a.from_at < COALESCE(b.until_at, '9999-01-01') AND b.from_at < COALESCE(a.until_at, '9999-01-01')");
}
sub holding { my ($name, $kind, $of) = @_; join ' ', map { $_->[0] } $t->sql('SELECT number FROM model_holds WHERE ' . of_model($name) . " AND kind = '$kind' AND name = '$of' AND until_at IS NULL") }
sub versions { my ($name, $filter) = @_; return done(ml($t, "GET $V/search", { filter => "name = '$name'" . ($filter // ''), order_by => ['version_number'] }))->{model_versions} // [] }

scene '40 transitions to Production of 10 versions by 8 clients' => sub {
    for my $round (1 .. 3) {
        my $name = made_model($t, 10, name => "stage $round");
        my @r = clients(8, 40, sub { ml($t, "POST $V/transition-stage", { name => $name, version => '' . (1 + $_[0] * 7 % 10), stage => 'Production', archive_existing_versions => $yes }) });
        is(tally(@r), '200:40', "round $round: all are made");
        is(tally(map { { status => $_->{json}{model_version}{current_stage} } } @r), 'Production:40', 'and each saw its own there');
        my @in = map { $_->{current_stage} eq 'Production' ? $_->{version} : () } @{ versions($name) };
        is(scalar @in, 1, 'exactly one is in Production');
        is(holding($name, stage => 'Production'), "@in", 'which is the one that is said to hold it');
        is(overlaps($name, stage => 'Production'), 0, 'no two of them ever held it at a time');
        is(join(' ', map { said($_) } @{ done(ml($t, "GET $M/get-latest-versions", { name => $name, stages => ['Production'] }))->{model_versions} }), "@in Production", 'and is the latest of it');
    }
};

scene 'and without giving way' => sub {
    my $name = made_model($t, 4);
    my @r = clients(8, 40, sub { ml($t, "POST $V/transition-stage", { name => $name, version => '' . (1 + $_[0] % 4), stage => (qw(Production Staging None Archived))[ int($_[0] / 4) % 4 ] }) });
    is(tally(@r), '200:40', 'all are made');
    for my $v (@{ versions($name) }) {
        my ($held) = $t->sql('SELECT COUNT(*), MAX(name) FROM model_holds WHERE ' . of_model($name) . " AND kind = 'stage' AND number = $v->{version} AND until_at IS NULL");
        is(join(' ', map { $_ // '' } @$held), $v->{current_stage} eq 'None' ? '0 ' : "1 $v->{current_stage}", "version $v->{version} holds what it is in, $v->{current_stage}");
    }
};

scene '40 versions of one model' => sub {
    my $name = made_model($t);
    my @r = clients(8, 40, sub { ml($t, "POST $V/create", { name => $name, source => "s3://x/$_[0]", tags => [ { key => 't', value => "$_[0]" } ] }) });
    is(tally(@r), '200:40', 'all are made');
    is(join(' ', sort { $a <=> $b } map { $_->{json}{model_version}{version} } @r), join(' ', 1 .. 40), 'numbered from 1 to 40, without a gap');
    is(join(' ', map { $_->{version} } @{ versions($name) }), join(' ', 1 .. 40), 'as they are found');
    is(scalar(grep { $_->{source} eq "s3://x/$_->{tags}[0]{value}" } @{ versions($name) }), 40, 'each with its own source and tag');
    my $r = done(ml($t, "GET $M/alias", { name => $name, alias => 'latest' }));
    is($r->{model_version}{version}, '40', 'the last one is the latest');
};

scene 'an alias that many move' => sub {
    my $name = made_model($t, 8);
    my @r = clients(8, 40, sub { ml($t, "POST $M/alias", { name => $name, alias => 'champion', version => '' . (1 + $_[0] * 3 % 8) }) });
    is(tally(@r), '200:40', 'all are made');
    my @with = map { grep({ $_ eq 'champion' } @{ $_->{aliases} // [] }) ? $_->{version} : () } @{ versions($name) };
    is(scalar @with, 1, 'it is in exactly one version');
    is(done(ml($t, "GET $M/alias", { name => $name, alias => 'champion' }))->{model_version}{version} . ' ' . holding($name, alias => 'champion'), "@with @with", 'which is the one that it names and that holds it');
    is(overlaps($name, alias => 'champion'), 0, 'no two ever held it at a time');
    @r = clients(8, 32, sub { my $i = shift; $i % 4 == 3 ? ml($t, "DELETE $M/alias", { name => $name, alias => 'champion' }) : ml($t, "POST $M/alias", { name => $name, alias => 'champion', version => '' . (1 + $i % 8) }) });
    is(tally(@r), '200:32', 'also where some take it away');
    is(overlaps($name, alias => 'champion'), 0, 'no two');
    my $now = join ' ', map { $_->{version} } @{ model_of($t, $name)->{aliases} // [] };
    is(holding($name, alias => 'champion'), $now, 'what holds it is what it names');
};

scene 'an alias, and the version that it names is deleted' => sub {
    my $name = made_model($t, 8);
    my @r = clients(8, 32, sub { my ($i, $v) = ($_[0], 1 + $_[0] % 4); $i < 28 ? ml($t, "POST $M/alias", { name => $name, alias => "a$v", version => "$v" }) : ml($t, "DELETE $V/delete", { name => $name, version => "$v" }) });
    like(tally(@r), qr/^200:\d+(?: 404:\d+)?$/, 'made, or there is no such version: ' . tally(@r));
    is(scalar $t->sql('SELECT COUNT(*) FROM model_aliases WHERE ' . of_model($name)), 0, 'no alias is left of a version that is gone');
    is(scalar $t->sql('SELECT COUNT(*) FROM model_holds WHERE ' . of_model($name) . ' AND until_at IS NULL'), 0, 'and nothing is held');
};

scene 'one name, wanted by many' => sub {
    for my $round (1 .. 3) {
        my $name = "wanted $round";
        my @r = clients(8, 24, sub { ml($t, "POST $M/create", { name => $name, tags => $_[0] % 3 ? [] : [ { key => 'mlflow.prompt.is_prompt', value => 'true' } ] }) });
        is(tally(@r), '200:1 400:23', "round $round: one is made");
        is(tally(map { { status => $_->{json}{error_code} // 'none' } } @r), 'RESOURCE_ALREADY_EXISTS:23 none:1', 'the others are told that it exists');
        made_model($t, 0, name => "other $round $_") for 1 .. 8;
        done(ml($t, "DELETE $M/delete", { name => $name }));
        @r = clients(8, 8, sub { ml($t, "POST $M/rename", { name => "other $round " . (1 + $_[0]), new_name => $name }) });
        is(tally(@r), '200:1 400:7', 'one is renamed to it');
        is(tally(map { { status => $_->{json}{error_code} // 'none' } } @r), 'RESOURCE_ALREADY_EXISTS:7 none:1', 'the others are told');
        my @others = map { $_->{name} } @{ done(ml($t, "GET $M/search", { filter => "name LIKE 'other $round %'" }))->{registered_models} };
        is(scalar @others, 7, 'and are what they were');
        @r = clients(8, 16, sub { ml($t, "DELETE $M/delete", { name => $name }) });
        is(tally(@r), '200:1 404:15', 'one deletes it');
        @r = clients(8, 16, sub { ml($t, "POST $M/rename", { name => $others[0], new_name => "new $round" }) });
        is(tally(@r), '200:1 404:15', 'one renames another');
    }
};

scene 'made, renamed and deleted at once' => sub {
    my @name = map { "turn $_" } 0 .. 2;
    my @r = clients(8, 96, sub {
        my $i = shift;
        my ($name, $next) = @name[ $i % 3, ($i + 1) % 3 ];
        return $i % 8 < 3 ? ml($t, "POST $M/create", { name => $name }) : $i % 8 < 5 ? ml($t, "POST $M/rename", { name => $name, new_name => $next }) : $i % 8 == 5 ? ml($t, "POST $V/create", { name => $name, source => 's3://x' })
            : $i % 8 == 6 ? ml($t, "POST $M/set-tag", { name => $name, key => 'k', value => "$i" }) : ml($t, "DELETE $M/delete", { name => $name });
    });
    is(join(' ', grep { !/^(?:200|400|404)$/ } map { $_->{status} } @r), '', 'nobody is told anything but 200, 400 or 404: ' . tally(@r)) or diag map { $_->{status} =~ /^(?:200|400|404)$/ ? () : json($_->{json}) } @r;
    is(join(' ', sort grep { $_ ne 'RESOURCE_ALREADY_EXISTS' } map { $_->{status} == 400 ? $_->{json}{error_code} : () } @r), '', '400 is a name that is taken');
    is(scalar $t->sql("SELECT COUNT(*) FROM models m WHERE status <> 'retired' AND name LIKE 'turn %' AND (SELECT COUNT(*) FROM models o WHERE o.name_hash = m.name_hash) <> 1"), 0, 'each name is of one model');
    is(scalar $t->sql("SELECT COUNT(*) FROM model_versions v WHERE number > (SELECT last_version FROM models m WHERE m.id = v.model_id)"), 0, 'and each version of a model that counts it');
};

$t->finish;
