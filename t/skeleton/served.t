#!/usr/bin/perl
# The skeleton dialect, served: run by 04-skeleton.t in the tree that it has made.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my ($live, $test) = ($t->key, $t->key(test => 1));
my $other = do { $t->other; $t->key(user => 'other') };
sub ask { my ($method, $path, %o) = @_; $t->req($method => "/gadgets/v1/$path", token => $live, %o) }
sub made { ask(POST => 'gadgets', body => { name => 'a gadget', @_ })->{json} }
sub names { join ' ', map { $_->{name} } @{ $_[0]{json}{data} } }
sub fails { my ($r, $status, $code, $name) = @_; is("$r->{status} " . ($r->{json}{code} // ''), "$status $code", $name) }

subtest 'an object' => sub {
    my $r = ask(POST => 'gadgets', body => { name => 'lever' });
    is($r->{status}, 201, 'made');
    keys_are($r->{json}, 'id kind name weight state created_at', 'as its shape says');
    my $g = $r->{json};
    is("$g->{kind} $g->{name} $g->{weight} $g->{state}", 'gadget lever 1 active', 'with what is there when nothing is said');
    is($r->{headers}{location}, "/gadgets/v1/gadgets/$g->{id}", 'Location');
    like($r->{headers}{etag}, qr/^"1-/, 'ETag');
    is(ask(GET => "gadgets/$g->{id}")->{body}, $r->{body}, 'read');
    is(json(ask(POST => 'gadgets', body => {}, headers => [])->{json}{code}), '"BAD"', 'what is missing is refused');
    fails(ask(POST => 'gadgets', body => { name => 'x', wieght => 2 }), 422, 'BAD', 'and a key that nobody knows');
    fails(ask(GET => "gadgets/$g->{id}", token => $other), 404, 'NONE', 'another organization does not see it');
    fails(ask(GET => "gadgets/$g->{id}", token => $test), 404, 'NONE', 'nor does the other mode');
    fails(ask(GET => "gadgets/$g->{id}", token => undef), 401, 'WHO', 'nor does nobody');
    $r = ask(PUT => "gadgets/$g->{id}", body => { name => 'long lever', weight => 9 }, headers => [ 'If-Match' => '"1"' ]);
    is("$r->{status} $r->{json}{name} $r->{json}{weight}", '200 long lever 9', 'changed');
    fails(ask(PUT => "gadgets/$g->{id}", body => { name => 'x' }, headers => [ 'If-Match' => '"1"' ]), 412, 'CHANGED', 'once for each revision');
    my @key = ('Idempotency-Key' => 'once');
    my @same = map { ask(POST => 'gadgets', body => { name => 'once' }, headers => \@key) } 1, 2;
    is("$same[0]{status} $same[1]{status} " . ($same[1]{body} eq $same[0]{body}), '201 201 1', 'and a request that is repeated');
    is(scalar $t->sql("SELECT COUNT(*) FROM gadgets WHERE name = 'once'"), 1, 'is done once');
    is(audits($t, $g->{id}, 'gadget.updated') . told($t, $g->{id}, 'gadget.updated'), '11', 'audited and told');
};

subtest 'a list' => sub {
    my @id = map { made(name => "wheel $_", weight => 100 - $_)->{id} } 1 .. 5;
    my $r = ask(GET => 'gadgets?name=wheel&limit=2&offset=2&sort=created');
    is(names($r) . " of $r->{json}{totalCount}", 'wheel 3 wheel 4 of 5', 'by offset');
    is($r->{json}{next}, '/gadgets/v1/gadgets?name=wheel&limit=2&sort=created&offset=4', 'next');
    is($r->{json}{previous}, '/gadgets/v1/gadgets?name=wheel&limit=2&sort=created&offset=0', 'previous');
    is(names(ask(GET => $r->{json}{next} =~ s{^/gadgets/v1/}{}r)), 'wheel 5', 'where there is no more');
    is(ask(GET => 'gadgets?name=wheel&offset=4')->{json}{next}, undef, 'is none');
    is(names(ask(GET => 'gadgets?name=wheel&sort=heaviest&limit=3')), 'wheel 1 wheel 2 wheel 3', 'in another order');
    fails(ask(GET => 'gadgets?sort=lightest'), 400, 'BAD', 'but in none that there is not');
    is(ask(GET => 'gadgets?name=wheel', token => $test)->{json}{totalCount}, 0, 'of the other mode: none');
    $t->sql(join ';', map { my $n = $_; map { "INSERT INTO gadget_tags SELECT organization_id, id, 't$_', IF(weight % 2, 'odd', 'even') FROM gadgets WHERE name = 'wheel $n'" } 1 .. 20 } 1 .. 5);
    my $where = sub { names(ask(GET => 'gadgets?sort=created&filter=' . join('%20and%20', map { s/=/%3D/r =~ s/>/%3E/r =~ s/</%3C/r } @_))) };
    is($where->('weight>=96', 'weight<=98'), 'wheel 2 wheel 3 wheel 4', 'by a parsed expression');
    is($where->('tag.t1=odd', 'weight>=97'), 'wheel 1 wheel 3', 'of a tag too');
    is($where->((map { "tag.t$_=odd" } 1 .. 20), 'weight<=98'), 'wheel 3 wheel 5', 'twenty at once');
    is($where->("tag.t1=odd' OR '1'='1"), '', 'whose words are values');
    fails(ask(GET => "gadgets?filter=$_"), 400, 'BAD', "no expression: $_") for 'weight', 'weight%3E%3Dx', 'name%3Dx', 'weight%3E%3D1%20or%201', join '%20and%20', ('tag.t1%3Dodd') x 40;
    ask(POST => "gadgets/$id[0]/archive");
    is(names(ask(GET => 'gadgets?name=wheel')) . '; ' . names(ask(GET => 'gadgets?name=wheel&state=archived')), 'wheel 2 wheel 3 wheel 4 wheel 5; wheel 1', 'what is archived is listed by its state alone');
    my @lists = grep { $_->{list} eq 'GADGETS' } tables($t, 'lists');
    cmp_ok(scalar @lists, '>=', 10, scalar(@lists) . ' statements are printed');
    my $r2 = $t->run({}, join('', map { "PREPARE s FROM '" . ($_->{text} =~ s/(['\\])/\\$1/gr) . "';\n" } @lists), 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', 'thaw');
    is($r2->{err}, '', 'and can be prepared');
};

subtest 'a state' => sub {
    my $id = made()->{id};
    is(ask(POST => "gadgets/$id/archive")->{json}{state}, 'archived', 'archived');
    fails(ask(POST => "gadgets/$id/archive"), 409, 'CONFLICT', 'once');
    fails(ask(PUT => "gadgets/$id", body => { name => 'x' }), 409, 'CONFLICT', 'it cannot be changed');
    is(ask(POST => "gadgets/$id/restore")->{json}{state}, 'active', 'restored');
    is(join(' ', map { audits($t, $id, "gadget.$_") . told($t, $id, "gadget.$_") } qw(created archived restored)), '11 11 11', 'each audited and told once');
};

subtest 'what an agent asks for, a human approves, by the row of the transition alone' => sub {
    $t->member;
    my $agent = $t->key(user => 'member', kind => 'token', tier => 3, agent => 'agt_Nq3KcAbc');
    my $human = $t->key(user => 'member');
    my $id = made()->{id};
    my $r = ask(POST => "gadgets/$id/archive", token => $agent);
    is("$r->{status} " . join(' ', keys %{ $r->{json} }), '202 authorization', 'it waits');
    is(ask(GET => "gadgets/$id")->{json}{state}, 'active', 'and nothing has happened');
    my $done = post_v1($t, "authorizations/$r->{json}{authorization}/approve", token => $human);
    is("$done->{status} $done->{json}{status} $done->{json}{action}", '200 approved gadget.archived', 'approved');
    is(ask(GET => "gadgets/$id")->{json}{state}, 'archived', 'and done');
};

subtest 'a route that asks nobody' => sub {
    my $before = ask(GET => 'gadgets')->{json}{totalCount};
    fails(ask(GET => 'careless'), 500, 'INTERNAL', 'does not answer');
    fails(ask(POST => 'careless'), 500, 'INTERNAL', 'nor does it write');
    my $observer = $t->key(user => 'admin', kind => 'token', tier => 1, agent => 'agt_Observes');
    fails(ask(POST => 'member', token => $observer), 403, 'FORBIDDEN', 'nor what any member may, for a token that only observes');
    is(ask(GET => 'gadgets')->{json}{totalCount}, $before, 'anything');
    is($t->sql("SELECT COUNT(*) FROM gadgets WHERE name = 'by anybody'"), 0, 'at all');
    is(scalar(grep { ($_->{message} // '') =~ m{careless: UNASKED} } log_lines($t, 'error')), 2, 'and the log says why');
};

subtest 'what else is made of the rows' => sub {
    my $api = described($t);
    is(json($api->{paths}{'/gadgets/v1/gadgets/{gadget_id}/archive'}{post}{responses}{202}{content}{'application/json'}{schema}{type}), '"object"', 'OpenAPI');
    is_deeply([ map { $_->{transition} } grep { $_->{resource} eq 'gadget' } tables($t, 'transitions') ], [qw(GADGET_CREATE GADGET_EDIT GADGET_ARCHIVE GADGET_RESTORE)], 'the table of transitions');
    my $doctor = $t->thaw('audit', 'verify');
    is($doctor->{exit}, 0, 'the audit agrees with the rows') or diag($doctor->{out});
};

$t->finish;
