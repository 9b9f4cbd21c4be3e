#!/usr/bin/perl
# Searches of the mlflow dialect: each operator on each key, what is malformed, prompts, orders with their
# ties, tokens that are followed while rows come and go, and very many versions in one answer.
use strict;
use warnings;
use utf8;
use Digest::SHA 'sha256';
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 'encode_base64url';
use Test::More;
use Thaw;
use Contract;
use Mlflow;
use Registry 'scene';

my $t = Thaw->new(workers => 1);
my ($M, $V) = ('registered-models', 'model-versions');
my $mark = 'mlflow.prompt.is_prompt';
my $PROMPTS = "tags.`$mark` = 'true'";
$t->$_ for qw(admin member);
sub tags { my %tags = @_; return [ map { { key => $_, value => $tags{$_} } } sort keys %tags ] }
sub found { my ($route, $list, $filter, %with) = @_; return done(ml($t, $route, { length $filter ? (filter => $filter) : (), %with }))->{$list} // [] }

# ---- Models ----

my %models = (a => [ 'alpha', t => '1', env => 'prod' ], b => [ 'Alpha', t => '2' ], c => [ 'alpha_1', t => '1', 'odd key' => 'x', 'a.b/c:d' => 'y' ], d => [ 'alpha%1' ], e => [ "it's", t => "it's" ], f => [ 'beta\\1', t => '' ], g => [ 'ALPHA ' ],
    h => [ "\x{E9}t\x{E9}", "cl\x{E9}" => "\x{C9}" ], p => [ 'prompt', t => '1', $mark => 'true' ]);
my %letter = map { $models{$_}[0] => $_ } keys %models;
made_model($t, 0, name => $models{$_}[0], tags => tags(@{ $models{$_} }[ 1 .. $#{ $models{$_} } ])) for sort keys %models;
sub models { join '', map { $letter{ $_->{name} } // '?' } @{ found("GET $M/search", 'registered_models', @_) } }

scene 'models: what a filter finds' => sub {
    is(models($_->[0]), $_->[1], $_->[0] || 'nothing') for
        [ '', 'gbadcfeh' ], [ '  ', 'gbadcfeh' ], [ "name = 'alpha'", 'a' ], [ 'name = "alpha"', 'a' ], [ "name='alpha'", 'a' ], [ "attribute.name = 'alpha'", 'a' ], [ "name = 'none'", '' ], [ "name = ''", '' ], [ "name = 'ALPHA'", '' ], [ "name = 'ALPHA '", 'g' ],
        [ "name != 'alpha'", 'gbdcfeh' ], [ "name LIKE 'alpha%'", 'adc' ], [ "name like 'alpha%'", 'adc' ], [ "name LIKE 'alpha_1'", 'dc' ], [ "name LIKE 'alpha'", 'a' ], [ "name LIKE ''", '' ], [ "name LIKE '%'", 'gbadcfeh' ], [ "name LIKE '%1'", 'dcf' ], [ "name LIKE '_____'", 'ba' ],
        [ "name LIKE 'beta\\1'", 'f' ], [ "name LIKE 'beta\\%'", 'f' ], [ "name LIKE 'ALPHA'", '' ], [ "name LIKE '%\x{E9}'", 'h' ], [ "name LIKE '___'", 'h' ],
        [ "name ILIKE 'ALPHA%'", 'gbadc' ], [ "name ILIKE 'alpha'", 'ba' ], [ "name ilike '%A%'", 'gbadcf' ], [ "name ILIKE '\x{C9}%'", 'h' ],
        [ "name IN ('alpha', 'Alpha')", 'ba' ], [ "name IN ('alpha',)", 'a' ], [ "name in (\"it's\")", 'e' ], [ "name IN ('none')", '' ], [ "name NOT IN ('alpha', 'none')", 'gbdcfeh' ], [ "name not in ('alpha')", 'gbdcfeh' ],
        [ "name = \"it's\"", 'e' ], [ "name = 'it''s'", 'e' ], [ "name = 'beta\\1'", 'f' ],
        [ "tags.t = '1'", 'ac' ], [ "tag.t = '1'", 'ac' ], [ "tags.`t` = '1'", 'ac' ], [ "tags.\"t\" = '1'", 'ac' ], [ "tags.'t' = '1'", 'ac' ], [ "tags.`odd key` = 'x'", 'c' ], [ "tags.`a.b/c:d` = 'y'", 'c' ], [ "tags.`cl\x{E9}` = '\x{C9}'", 'h' ], [ "tags.cl\x{E9} = '\x{C9}'", 'h' ],
        [ "tags.t != '1'", 'bfe' ], [ "tags.t LIKE '%'", 'bacfe' ], [ "tags.t LIKE '_'", 'bac' ], [ "tags.t ILIKE 'IT%'", 'e' ], [ "tags.t = ''", 'f' ], [ "tags.t = \"it's\"", 'e' ], [ "tags.none = '1'", '' ], [ "tags.none != '1'", '' ], [ "tags.T = '1'", '' ], [ "tags.`t ` = '1'", '' ],
        [ "tags.t = '1' AND tags.env = 'prod'", 'a' ], [ "tags.t = '1' and name LIKE '%_1'", 'c' ], [ "tags.t = '1' AND tags.t != '1'", '' ], [ "tags.t != '1' AND tags.t != '2'", 'fe' ], [ "tags.t LIKE '%' AND tags.t = '2'", 'b' ], [ "name = 'alpha' AND name = 'Alpha'", '' ], [ "name LIKE 'a%' AND name LIKE '%1'", 'dc' ],
        [ "name = 'alpha' AND ", 'a' ], [ "name = 'alpha' AND AND name LIKE 'a%'", 'a' ], [ "name LIKE 'alpha%' AND name != 'alpha' AND tags.t = '1'", 'c' ];
};

scene 'models: prompts' => sub {
    is(models($_->[0]), $_->[1], $_->[0]) for
        [ $PROMPTS, 'p' ], [ "tags.`$mark` != 'false'", 'p' ], [ "tag.`$mark` = 'TRUE'", 'p' ], [ "tags.`$mark` != 'true'", 'gbadcfeh' ], [ "tag.`$mark` = 'false'", 'gbadcfeh' ], [ "tags.`$mark` LIKE 'true'", 'gbadcfeh' ],
        [ "name LIKE 'p%'", '' ], [ "name LIKE 'p%' AND $PROMPTS", 'p' ], [ "$PROMPTS AND tags.t = '1'", 'p' ], [ "$PROMPTS AND tags.t = '2'", '' ], [ "tags.t = '1' AND tag.`$mark` != 'true'", 'ac' ], [ "$PROMPTS AND tags.`$mark` = 'false'", 'p' ], [ "tags.`$mark` != 'true' AND $PROMPTS", 'gbadcfeh' ],
        [ "name IN ('prompt', 'alpha')", 'a' ], [ "name = 'prompt'", '' ];
};

scene 'what comes with a model' => sub {
    made_version($t, 'alpha', tags => tags(v => '1')) for 1 .. 2;
    done(ml($t, "POST $M/alias", { name => 'alpha', alias => 'x', version => 1 }));
    done(ml($t, "POST $V/transition-stage", { name => 'alpha', version => 1, stage => 'Staging' }));
    is(json(found("GET $M/search", 'registered_models', "name = 'alpha'")), json([ model_of($t, 'alpha') ]), 'all that is told of it elsewhere');
    is(json(found("POST $M/search", 'registered_models', "name = 'alpha'")), json([ model_of($t, 'alpha') ]), 'also where it is posted');
    is(json(done(ml($t, "GET $M/search", { filter => "name = 'none'" }))), '{}', 'of none, an empty object');
    is(ml($t, "GET $M/search", undef, body => { filter => "name = 'alpha'" })->{json}{registered_models}[0]{name}, 'alpha', 'asked for in the body of a GET');
    is($t->req(GET => "$BASE/$M/search?filter=name+%3D+%27alpha%27", token => $t->admin)->{json}{registered_models}[0]{name}, 'alpha', 'with a plus for a space');
};

# ---- What is malformed ----

scene 'faults' => sub {
    my @both = (
        [ 'OR', "name = 'a' OR name = 'b'" ], [ 'NOT', "NOT name = 'a'" ], [ 'parentheses', "(name = 'a')" ], [ 'a semicolon', "name = 'a';" ], [ 'a comment', "name = 'a' -- x" ], [ 'one of C', "name = 'a' /* x */" ], [ 'no operator', 'name' ], [ 'no value', 'name =' ], [ 'only a value', "'a'" ],
        [ 'an open quote', "name = 'a" ], [ 'a quote in a text', "name = 'it's'" ], [ 'two of them side by side', "name = 'a' name = 'b'" ], [ 'no quotes', 'name = alpha', qr/^Parameter value is either not quoted or unidentified quote types used for string value alpha\. Use either single or double quotes\.$/ ], [ 'backticks', 'name = `a`', qr/either not quoted or unidentified quote types/ ],
        [ 'a number', 'name = 1', qr/not quoted/ ], [ 'a key in backticks', "`name` = 'a'" ], [ 'another key', "stage = 'a'", qr/^Invalid attribute key 'stage' specified\. Valid keys are '\{/ ], [ 'another case', "Name = 'a'", qr/^Invalid attribute key 'Name'/ ], [ 'another entity', "params.x = 'a'", qr/^Invalid entity type 'params'\. Valid entity types are \('attribute', 'tag', 'tags'\)$/ ],
        [ 'another operator', "name > 'a'", qr/^Invalid comparator for attribute: >$/ ], [ 'of a tag', "tags.t > 'a'", qr/^Invalid comparator for tag: >$/ ], [ 'IN of a tag', "tags.t IN ('a')", qr/^Invalid comparator for tag: IN$/ ], [ 'IS NULL', 'tags.t IS NULL' ], [ 'NOT LIKE', "name NOT LIKE 'a'" ], [ 'an empty list', 'name IN ()' ], [ 'a list of numbers', 'name IN (1)' ],
        [ 'no list', "name IN 'a'" ], [ 'a list for =', "name = ('a')" ], [ 'no key of a tag', "tags. = 'a'" ], [ '<>', "name <> 'a'" ], [ '==', "name == 'a'" ], [ '21 clauses', join ' AND ', ("name = 'a'") x 21 ], [ '1001 values', 'name IN (' . join(',', ("'a'") x 1001) . ')' ], [ 'a dot too many', "attribute.x.name = 'a'" ],
    );
    for my $route ("GET $M/search", "POST $M/search", "GET $V/search", "POST $V/search") {
        fails(ml($t, $route, { filter => $_->[1] }), 400, $BAD, $_->[2], "$route: $_->[0]") for @both;
        my $most = $route =~ /$M/ ? 1000 : 200000;
        fails(ml($t, $route, { max_results => $_ }), 400, $BAD, qr/^Invalid value (?:"?\Q$_\E"?) for parameter 'max_results' supplied: /, "$route: max_results=$_") for $most + 1, 0, -1, '1e2', '1.5', 'x', '99999999999999999999';
        done(ml($t, $route, { max_results => $_ }), "$route: max_results=$_") for 1, "$most";
        fails(ml($t, $route, { page_token => $_ }), 400, $BAD, qr/^Invalid page token/, "$route: token " . substr $_, 0, 20) for 'x', 'WzFd', 'eyJvZmZzZXQiOiAxfQ==', 'A' x 1024;
        fails(ml($t, $route, { order_by => [ $_->[0] ] }), 400, $BAD, $_->[1], "$route: order_by=$_->[0]") for
            [ 'name, name', qr/^Invalid order_by clause 'name, name'\. Could not be parsed\.$/ ], [ 'name ASC DESC', qr/Could not be parsed/ ], [ 'name UP', qr/Could not be parsed/ ], [ '', undef ], [ 'stage', qr/^Invalid order by key 'stage' specified\. Valid keys are '\{/ ], [ 'tags.t', undef ], [ "'name'", undef ], [ 'Name', qr/^Invalid order by key 'Name'/ ];
        fails(ml($t, $route, { order_by => [ 'name', 'name DESC' ] }), 400, $BAD, undef, "$route: a key twice");
    }
    fails(ml($t, "GET $M/search", { filter => $_->[0] }), 400, $BAD, $_->[1], "models: $_->[0]") for [ "run_id = 'x'", qr/^Invalid attribute key 'run_id' specified\. Valid keys are '\{'name'\}'$/ ], [ 'version_number = 1', undef ];
    fails(ml($t, "GET $M/search", { order_by => ['version_number'] }), 400, $BAD, undef, 'models: by number');
    fails(ml($t, "GET $V/search", { filter => $_->[0] }), 400, $BAD, $_->[1], "versions: $_->[0]") for [ "source_path IN ('x')", qr/^Only \['name', 'run_id'\] attributes support comparison with a list of quoted string values\.$/ ], [ 'version_number = 1.5', undef ], [ "version_number = 'x'", undef ], [ "version_number LIKE '1'", undef ],
        [ 'version_number IN (1)', undef ], [ "run_id > 'x'", qr/^Invalid comparator for attribute: >$/ ], [ 'version_number = 99999999999999999999', undef ], [ "timestamp = 'x'", undef ];
    fails(ml($t, "GET $V/search", { order_by => ['timestamp'] }), 400, $BAD, undef, 'versions: by timestamp');
};

# ---- Orders of models ----

scene 'models: orders' => sub {
    # three times, so that there are ties
    $t->sql("UPDATE models SET mlflow_updated_at = '2026-01-01' + INTERVAL CRC32(name) % 3 SECOND");
    my %at = map { $_->{name} => $_->{last_updated_timestamp} } @{ found("GET $M/search", 'registered_models', '') };
    is(scalar keys %{ { reverse %at } }, 3, 'given models of three times');
    my $by = sub { my ($time, $name, $first) = @_; join '', map { $letter{$_} } sort { my ($x, $y) = ($time * ($at{$a} <=> $at{$b}), $name * ($a cmp $b)); $first eq 'time' ? $x || $y : $y || $x } keys %at };
    for my $case ([ [], 0, 1, 'name' ], [ ['name'], 0, 1, 'name' ], [ ['name ASC'], 0, 1, 'name' ], [ ['name DESC'], 0, -1, 'name' ], [ ['`name` desc'], 0, -1, 'name' ], [ ['timestamp'], 1, 1, 'time' ], [ ['last_updated_timestamp'], 1, 1, 'time' ], [ ['timestamp DESC'], -1, 1, 'time' ], [ [ 'timestamp', 'name' ], 1, 1, 'time' ],
        [ [ 'timestamp', 'name DESC' ], 1, -1, 'time' ], [ [ 'timestamp DESC', 'name DESC' ], -1, -1, 'time' ], [ [ 'timestamp desc', 'name asc' ], -1, 1, 'time' ], [ [ 'name DESC', 'timestamp' ], 1, -1, 'name' ]) {
        my ($order, @how) = @$case;
        my $want = $by->(@how);
        is(models('', order_by => $order), $want, 'in one page: ' . (join(', ', @$order) || 'the default'));
        for my $size (1, 3) {
            my ($got, $token, $pages) = ('', undef, 0);
            do {
                my $r = done(ml($t, "GET $M/search", { order_by => $order, max_results => $size, defined $token ? (page_token => $token) : () }));
                $got .= join '', map { $letter{ $_->{name} } } @{ $r->{registered_models} };
                $token = $r->{next_page_token};
                cmp_ok(length $token, '<=', 1024, 'a short token') if defined $token && $size == 3;
            } while (defined $token && ++$pages < 20);
            is($got, $want, "in pages of $size");
        }
    }
    my $token = done(ml($t, "GET $M/search", { max_results => 2 }))->{next_page_token};
    fails(ml($t, "GET $M/search", { max_results => 2, page_token => $_->[1] }), 400, $BAD, qr/^Invalid page token/, "a token that is $_->[0]") for [ cut => substr $token, 0, -1 ], [ longer => $token . 'A' ], [ altered => do { my $x = $token; substr($x, 5, 1) =~ tr/A-Za-z0-9/B-ZAb-za1-90/; $x } ];
    fails(ml($t, "GET $M/search", { page_token => $token, order_by => ['timestamp'] }), 400, $BAD, qr/^Invalid page token/, 'a token of another order');
    fails(ml($t, "GET $V/search", { page_token => $token }), 400, $BAD, qr/^Invalid page token/, 'of another search');
    fails(ml($t, "GET $M/search", { page_token => $token }, token => $t->other), 400, $BAD, qr/^Invalid page token/, 'of another organization');
    done(ml($t, "POST $M/search", { page_token => $token, max_results => 5 }), 'of the same, with another size');
    # Anybody can make one who knows the organization's id, since its digest is no secret; but of no place that no model could have.
    my $org = pack 'H*', scalar $t->sql("SELECT HEX(id) FROM organizations WHERE name = 'Main'");
    my $forged = sub { my ($place, @order) = @_; encode_base64url(substr(sha256("/api/2.0/mlflow/$M/search$org\n(null)\n" . (@order ? json(\@order) : '(null)') . "\n$place"), 0, 8) . $place) };
    my ($id, $time, $name) = ("\1" x 12, sub { pack 'q<', $_[0] }, sub { pack 'n/a*', $_[0] });
    for ([ 'a name' => 200, $name->('m') . $id ], [ 'a time' => 200, $time->(1e15) . $name->('m') . $id, 'timestamp' ], [ 'no UTF-8' => 400, $name->("m\xff") . $id ], [ 'a NUL' => 400, $name->("m\0") . $id ],
        [ 'a time before 1970' => 400, $time->(-1) . $name->('m') . $id, 'timestamp' ], [ 'a time after 9999' => 400, $time->(1 << 62) . $name->('m') . $id, 'timestamp' ], [ 'more than a place' => 400, $name->('m') . "$id\1" ]) {
        my ($what, $status, $place, @order) = @$_;
        is(ml($t, "GET $M/search", { page_token => $forged->($place, @order), @order ? (order_by => \@order) : () })->{status}, $status, "a token that was made by hand, of $what");
    }
    ok(!exists done(ml($t, "GET $M/search", { max_results => 8 }))->{next_page_token}, 'none behind the last page, where it is full');
};

# ---- Versions ----

my %versions;
scene 'versions: what a filter finds' => sub {
    my @made = ([ one => run_id => 'r1', source => 's3://x/1', tags => tags(t => '1') ], [ one => run_id => 'r2', source => 's3://x/2', tags => tags(t => '2') ], [ one => run_id => '', source => 's3://y/1', tags => tags(t => '1', u => 'x') ], [ Two => run_id => 'r1', source => 's3://X/1' ], [ Two => run_id => 'R1', source => 's3://x/%' ],
        [ 'two%' => run_id => 'r3', source => 's3://x\\z' ]);
    made_model($t, 0, name => $_) for 'one', 'Two', 'two%';
    for my $i (0 .. $#made) { my ($name, %with) = @{ $made[$i] }; my $v = made_version($t, $name, %with); $versions{"$name $v->{version}"} = chr(97 + $i) }
    my $p = prompt($t, name => 'a prompt');
    made_version($t, $p, source => 'dummy-source', tags => tags($mark => 'true', t => '1'));
    made_version($t, $p, source => 'dummy-source', tags => tags($mark => 'true'));
    @versions{"$p 1", "$p 2", 'alpha 1', 'alpha 2'} = qw(p q y z);
    my $versions = sub { join '', sort map { $versions{"$_->{name} $_->{version}"} // '?' } @{ found("GET $V/search", 'model_versions', @_) } };
    is($versions->($_->[0]), $_->[1], $_->[0] || 'nothing') for
        [ '', 'abcdefyz' ], [ "name = 'one'", 'abc' ], [ "name = 'none'", '' ], [ "name != 'one'", 'defyz' ], [ "name LIKE 't%'", 'f' ], [ "name LIKE '%w%'", 'def' ], [ "name ILIKE 'TWO'", 'de' ], [ "name ILIKE 'two_'", 'f' ], [ "name IN ('one', 'two%')", 'abcf' ], [ "name NOT IN ('one', 'alpha')", 'def' ], [ "name = 'one' AND name = 'Two'", '' ],
        [ "name = 'one' AND name LIKE 'o%'", 'abc' ], [ "run_id = 'r1'", 'ad' ], [ "run_id = 'r1 '", '' ], [ "run_id = ''", 'cyz' ], [ "run_id != 'r1'", 'bcefyz' ], [ "run_id LIKE 'r%'", 'abdf' ], [ "run_id ILIKE 'R1'", 'ade' ], [ "run_id IN ('r1', 'r3')", 'adf' ], [ "run_id NOT IN ('r1', '')", 'bef' ], [ "attribute.run_id = 'r2'", 'b' ],
        [ "source_path = 's3://x/1'", 'a' ], [ "source_path != 's3://x/1'", 'bcdefyz' ], [ "source_path LIKE 's3://x/_'", 'abe' ], [ "source_path ILIKE 'S3://X/1'", 'ad' ], [ "source_path LIKE 's3://x\\z'", 'f' ], [ "source_path = 's3://x\\z'", 'f' ],
        [ 'version_number = 1', 'adfy' ], [ "version_number = '1'", 'adfy' ], [ 'version_number != 1', 'bcez' ], [ 'version_number > 1', 'bcez' ], [ 'version_number >= 2', 'bcez' ], [ 'version_number < 2', 'adfy' ], [ 'version_number <= 1', 'adfy' ], [ 'version_number > 1 AND version_number < 3', 'bez' ], [ 'version_number > -1', 'abcdefyz' ], [ 'version_number = 4000000000', '' ],
        [ "tags.t = '1'", 'ac' ], [ "tags.t != '1'", 'b' ], [ "tags.t LIKE '%'", 'abc' ], [ "tags.t ILIKE '1'", 'ac' ], [ "tags.t = '1' AND tags.u = 'x'", 'c' ], [ "tags.v = '1'", 'yz' ], [ "tags.t = '1' AND run_id = 'r1' AND name = 'one' AND version_number = 1 AND source_path LIKE '%1'", 'a' ],
        [ "name = 'a prompt'", '' ], [ "name = 'a prompt' AND $PROMPTS", 'pq' ], [ $PROMPTS, 'pq' ], [ "$PROMPTS AND tags.t = '1'", 'p' ], [ "tag.`$mark` != 'true'", 'abcdefyz' ], [ "tags.`$mark` = 'false' AND tags.t = '1'", 'ac' ];
};

scene 'versions: orders' => sub {
    # ties of names and numbers there are; of the last change, within a model
    $t->sql("UPDATE model_versions v JOIN models m ON m.id = v.model_id SET v.mlflow_updated_at = '2026-01-01' + INTERVAL LOCATE(m.name, 'two%Two one alpha') + 50 * (v.number = 1) SECOND,
        v.mlflow_created_at = '2025-01-01' + INTERVAL v.number * 1000000 - 1000 * LOCATE(m.name, 'two%Two one alpha') MICROSECOND");
    my @all = sort { $a cmp $b } map { [ /^(.*) (\d+)$/ ]->[0] ne 'a prompt' ? $_ : () } keys %versions;
    my %v = map { my ($name, $n) = /^(.*) (\d+)$/; my $v = version_of($t, $name, $n); ($_ => { name => $name, version_number => $n, map { $_ => $v->{$_} } qw(creation_timestamp last_updated_timestamp) }) } @all;
    my $sorted = sub {
        my @keys = @_;
        return join '', map { $versions{$_} } sort { my $c = 0; for my $k (@keys) { my ($key, $way) = @$k; $c = $key eq 'name' ? $v{$a}{name} cmp $v{$b}{name} : $v{$a}{$key} <=> $v{$b}{$key}; $c *= $way; last if $c } $c } keys %v;
    };
    my %way = (ASC => 1, DESC => -1);
    my @cases = [];
    for my $key (qw(name version_number)) {
        for my $way (qw(ASC DESC)) {
            push @cases, ["$key $way"];
            for my $second (grep { $_ ne $key } qw(name version_number creation_timestamp last_updated_timestamp)) { push @cases, map { [ "$key $way", "$second $_" ] } qw(ASC DESC) }
        }
    }
    for my $case (@cases[ 1 .. $#cases ]) {
        my @keys = map { my ($k, $w) = split; [ $k, $way{$w} ] } @$case;
        # what is left undecided goes by name, then by number downwards; behind the last change, as that goes
        my $want = $sorted->(@keys, [ name => 1 ], [ version_number => $case->[1] && $case->[1] =~ /^last/ ? $keys[1][1] : -1 ]);
        my $got = sub { join '', map { $versions{"$_->{name} $_->{version}"} } @{ $_[0]{model_versions} // [] } };
        is($got->(done(ml($t, "GET $V/search", { order_by => $case }))), $want, join ', ', @$case);
        my ($all, $token, $pages) = ('', undef, 0);
        do {
            my $r = done(ml($t, "GET $V/search", { order_by => $case, max_results => 3, defined $token ? (page_token => $token) : () }));
            ($all, $token) = ($all . $got->($r), $r->{next_page_token});
        } while (defined $token && ++$pages < 20);
        is($all, $want, 'in pages of 3');
    }
    # by time first: what ties is of one model, as all of its versions do when it is renamed
    made_model($t, 3, name => 'later');
    $t->sql("UPDATE model_versions v JOIN models m ON m.id = v.model_id SET v.mlflow_updated_at = '2026-06-01' + INTERVAL m.name = 'later' SECOND, v.mlflow_created_at = '2025-06-01' + INTERVAL v.number SECOND WHERE m.name IN ('later', 'one')");
    for my $case ([ [], '3L 2L 1L 3o 2o 1o' ], [ ['last_updated_timestamp DESC'], '3L 2L 1L 3o 2o 1o' ], [ ['last_updated_timestamp'], '3o 2o 1o 3L 2L 1L' ], [ [ 'last_updated_timestamp DESC', 'version_number' ], '1L 2L 3L 1o 2o 3o' ], [ [ 'last_updated_timestamp', 'version_number ASC' ], '1o 2o 3o 1L 2L 3L' ],
        [ [ 'last_updated_timestamp DESC', 'creation_timestamp ASC' ], '1L 2L 3L 1o 2o 3o' ], [ [ 'last_updated_timestamp', 'creation_timestamp DESC' ], '3o 2o 1o 3L 2L 1L' ]) {
        for my $size (100, 2) {
            my ($all, $token, $pages) = ('', undef, 0);
            do {
                my $r = done(ml($t, "GET $V/search", { filter => "name IN ('later', 'one')", order_by => $case->[0], max_results => $size, defined $token ? (page_token => $token) : () }));
                $all .= join '', map { " $_->{version}" . ($_->{name} eq 'later' ? 'L' : 'o') } @{ $r->{model_versions} };
                $token = $r->{next_page_token};
            } while (defined $token && ++$pages < 20);
            is($all, " $case->[1]", (join(', ', @{ $case->[0] }) || 'the default') . ", $size at a time");
        }
    }
};

# ---- Tokens, while things change ----

scene 'a search that is followed while rows come and go' => sub {
    my $name = made_model($t, 12);
    my ($token, @seen, $page) = undef;
    do {
        my $r = done(ml($t, "GET $V/search", { filter => "name = '$name'", order_by => ['version_number'], max_results => 3, defined $token ? (page_token => $token) : () }));
        push @seen, map { $_->{version} } @{ $r->{model_versions} };
        $token = $r->{next_page_token};
        if (++$page == 1) {
            done(ml($t, "DELETE $V/delete", { name => $name, version => $_ })) for 3, 5;      # the one that the token is behind, and one to come
            done(ml($t, "PATCH $V/update", { name => $name, version => $_, description => 'd' })) for 1, 7;
            made_version($t, $name);
        }
    } while (defined $token && $page < 20);
    is("@seen", '1 2 3 4 6 7 8 9 10 11 12 13', 'each once, but what was deleted, and what is new');
    made_model($t, 0, name => "walk $_") for 1 .. 9;
    ($page, @seen) = (0);
    do {
        my $r = done(ml($t, "GET $M/search", { filter => "name LIKE 'walk%'", max_results => 2, defined $token ? (page_token => $token) : () }));
        push @seen, map { substr $_->{name}, 5 } @{ $r->{registered_models} };
        $token = $r->{next_page_token};
        if (++$page == 1) {
            done(ml($t, "DELETE $M/delete", { name => "walk $_" })) for 2, 4;
            done(ml($t, "POST $M/rename", { name => 'walk 9', new_name => 'walk 0' }));
            made_model($t, 0, name => 'walk 5a');
        }
    } while (defined $token && $page < 20);
    is("@seen", '1 2 3 5 5a 6 7 8', 'models: those that stay, each once');
    $token = done(ml($t, "GET $M/search", { max_results => 1 }))->{next_page_token};
    is(done(ml($t, "GET $M/search", { max_results => 1, page_token => $token }, token => $t->member))->{registered_models}[0] && 1, 1, 'a token is the place, and who follows it sees what is theirs');
};

# ---- Very many ----

scene 'ten thousand versions in one answer' => sub {
    my $n = 10000;
    my $name = made_model($t, 1, name => 'many');
    my ($m) = $t->sql("SELECT HEX(id) FROM models WHERE name = 'many'");
    $m = $m->[0] if ref $m;
    my $memory = sub { my ($pid) = $t->worker_pids; slurp("/proc/$pid/status") =~ /^\Q$_[0]\E:\s*(\d+)/m or die; $1 };
    my $columns = join ', ', map { $_->[0] } $t->sql("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw' AND TABLE_NAME = 'model_versions' AND COLUMN_NAME NOT IN ('id', 'number') AND IS_GENERATED = 'NEVER'");
    $t->sql("INSERT INTO model_versions (id, number, $columns) SELECT UNHEX(LPAD(HEX(seq), 24, '0')), seq, $columns FROM model_versions JOIN seq_2_to_$n WHERE model_id = UNHEX('$m') AND number = 1");
    $t->sql("UPDATE models SET last_version = $n WHERE id = UNHEX('$m')");
    my $whole = sub { my $r = ml($t, "GET $V/search", { filter => "name = 'many'", order_by => ['version_number DESC'], @_ }, timeout => 60, plain => 1); $r->{status} == 200 or die $r->{body}; $r->{body} };
    my $body = $whole->(max_results => $n);
    my $after = $memory->('VmRSS');
    my @numbers = $body =~ /"version":"(\d+)"/g;
    is(scalar @numbers, $n, 'come whole, in one page');
    unlike($body, qr/next_page_token/, 'and there is no more');
    is(join(' ', @numbers), join(' ', reverse 1 .. $n), 'in order');
    is($whole->(max_results => $n), $body, 'again') for 1 .. 3;
    # a sanitizer keeps what was freed for a while
    cmp_ok($memory->('VmRSS'), '<', $after + 8192, 'the worker keeps no more of it than the first time') if $Thaw::BUILD !~ /sanitized/;
    cmp_ok($memory->('VmRSS'), '<', 65536, 'and not much: ' . $memory->('VmRSS') . ' kB') if $Thaw::BUILD !~ /sanitized/;
    cmp_ok($memory->('VmHWM'), '<', 131072, 'nor meanwhile: ' . $memory->('VmHWM') . ' kB') if $Thaw::BUILD !~ /sanitized/;
    is($whole->(), $body, 'also where nothing says how many');
    $t->sql("DELETE FROM model_versions WHERE model_id = UNHEX('$m') AND number > 1; UPDATE models SET last_version = 1 WHERE id = UNHEX('$m')");
};

scene 'names of which only the end is another one' => sub {
    my $walk = sub {
        my ($t, $long, $size) = @_;
        my ($token, @got);
        do {
            my $page = done(ml($t, "GET $M/search", { filter => "name LIKE 'z$long-%'", order_by => ['name'], max_results => $size, defined $token ? (page_token => $token) : () }));
            push @got, map { substr $_->{name}, -1 } @{ $page->{registered_models} // [] };
            $token = $page->{next_page_token};
        } while (defined $token);
        return join '', @got;
    };
    for my $long (200, 256, 690) {
        made_model($t, 0, name => "z$long-" . 'x' x $long . $_, description => 'd' x 3000) for qw(h b g a f c e d);
        $t->sql("UPDATE models SET is_global = 0 WHERE name LIKE 'z$long-%' AND RIGHT(name, 1) IN ('b', 'd', 'f', 'h')");
        is($walk->($t, $long, $_), 'abcdefgh', "$long characters alike, pages of $_") for 2, 3, 8;
    }
    $t->{worker}->stop;
    spew("$t->{dir}/thaw.conf", (my $was = slurp("$t->{dir}/thaw.conf")) . "page_bytes_limit = 16384\n");
    $t->start_workers;
    is($walk->($t, 690, 8), 'abcdefgh', 'and where fewer fit a page');
    $t->{worker}->stop;
    spew("$t->{dir}/thaw.conf", $was);
    $t->start_workers;
    $t->sql("UPDATE models SET is_global = 1 WHERE name LIKE 'z%-%'");
};

scene 'a search that takes too long is refused, so that nobody repeats it' => sub {
    # given one that was prepared before, and a table that somebody holds
    my %asked = (filter => "name LIKE '%a%'");
    is(scalar @{ done(ml($t, "GET $M/search", \%asked))->{registered_models} } > 0, 1, 'it finds some');
    my $given_up = sub { scalar $t->sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'MAX_STATEMENT_TIME_EXCEEDED'") };
    my ($go, $before) = (hold($t, 'LOCK TABLES models WRITE'), $given_up->());
    my $from = time;
    my $r = ml($t, "GET $M/search", \%asked);
    is("$r->{status} $r->{json}{error_code}", '400 INVALID_PARAMETER_VALUE', 'refused in the words of a mistake');
    like($r->{json}{message}, qr/search is too broad/, 'and says why');
    cmp_ok(time - $from, '<', 12, 'in time');
    is($given_up->() - $before, 1, 'it was asked once');
    $go->();
    is(ml($t, "GET $M/search", \%asked)->{status}, 200, 'and the worker goes on');
};

$t->finish;
