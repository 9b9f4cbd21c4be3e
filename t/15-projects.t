#!/usr/bin/perl
# Projects as document 004 and its contract have them: the nine rows of its test
# table with the exact bodies, and what is needed around them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(workers => 4);
my ($admin, $reader, $other) = ($t->admin, $t->reader, $t->other);
my $member = $t->member;
my $seq = 0;

sub api { my ($method, $path, %o) = @_; $t->req($method, "/api/v1/projects$path", token => $member, %o) }
sub project {
    my %o = @_;
    my $r = api(POST => '', body => { name => 'project ' . ++$seq, %o });
    return $r->{json}{data} // die "create: $r->{status} $r->{body}";
}
sub put { my ($id, $verb, %o) = @_; api(PUT => "/$id/$verb", %o) }
sub status { api(GET => "/$_[0]")->{json}{data}{status} }
sub audits { $t->sql("SELECT COUNT(*) FROM audit_events a JOIN projects p ON p.id = a.resource_id AND p.organization_id = a.organization_id WHERE p.number = $_[0] AND a.action = '$_[1]' AND p.organization_id = (SELECT id FROM organizations WHERE name = 'Main')") }
sub reach {
    my $status = shift;
    my $id = project()->{id};
    my %way = (DRAFT => [], LIVE => ['publish'], PAUSED => [qw(publish pause)], UPDATED => [qw(publish edit)], BUILDING => ['build']);
    for my $verb (@{ $way{$status} }) {
        my $r = $verb eq 'edit' ? api(PUT => "/$id", body => { name => "edited $id" })
            : put($id, $verb, $verb eq 'build' ? (body => { progress => 40 }) : ());
        is($r->{status}, 200, $verb) or diag $r->{body};
    }
    is(status($id), $status, "a project that is $status");
    return $id;
}
sub body_is {
    my ($r, $status, $code, $message, $name) = @_;
    is($r->{status}, $status, $name);
    is($r->{body}, qq({"status":$status,"code":"$code","message":"$message"}\n), 'the exact body');
    is($r->{headers}{'content-type'}, 'application/json', 'as JSON');
}

for my $previous (qw(DRAFT LIVE PAUSED UPDATED BUILDING)) {
    subtest "project ARCHIVED (previously $previous), restore is called" => sub {
        my $id = reach($previous);
        is(put($id, 'archive')->{json}{data}{status}, 'ARCHIVED', 'archived');
        my $r = put($id, 'restore');
        is($r->{status}, 200, '200 OK');
        is($r->{json}{data}{status}, $previous, "with project status=$previous returned");
        is(join(' ', sort keys %{ $r->{json}{data} }), 'accent createdAt description id name progress status techStack updatedAt url',
            'the fields of the document');
        is($r->{json}{data}{progress}, $previous eq 'BUILDING' ? 40 : undef, 'progress is of a build alone');
        is(audits($id, 'project.restored'), 1, 'one audit row');
    };
}
for my $status (qw(DRAFT LIVE)) {
    subtest "project in $status status (not ARCHIVED), restore is called" => sub {
        my $id = reach($status);
        body_is(put($id, 'restore'), 409, 'CONFLICT_PROJECT', 'Only archived projects can be restored', 'a conflict');
        is(status($id), $status, 'nothing changed');
    };
}
subtest 'project belongs to another tenant' => sub {
    my $theirs = $t->req(POST => '/api/v1/projects', token => $other, body => { name => 'theirs' })->{json}{data}{id};
    # Each tenant counts its own projects, so that a number of theirs may be one of ours: make it one that is not.
    my $far = 900_000;
    ok($theirs, 'theirs is there');
    $t->sql("UPDATE projects SET number = $far WHERE name = 'theirs'");
    body_is(put($far, 'restore'), 404, 'NOT_FOUND', 'Project not found', 'not found');
    is(api(GET => "/$far")->{body}, api(GET => '/900001')->{body}, 'the same as one that does not exist');
};
subtest 'project ID does not exist' => sub {
    body_is(put(123456, 'restore'), 404, 'NOT_FOUND', 'Project not found', 'not found');
};
subtest 'no Authorization header' => sub {
    my $id = reach('DRAFT');
    for my $token (undef, 'nonsense', 'a.b.c') {
        my $r = $t->req(PUT => "/api/v1/projects/$id/restore", token => $token);
        body_is($r, 401, 'AUTHENTICATION_FAILED', 'Access token is missing or invalid', $token // 'none');
        like($r->{headers}{'www-authenticate'}, qr/^Bearer/, 'with a challenge');
    }
};
subtest 'id: not null, positive' => sub {
    for my $id (qw(0 -1 x 1.5 01 99999999999999999999)) {
        my $r = put($id, 'restore');
        is($r->{status}, 400, "id $id");
        is($r->{json}{code}, 'VALIDATION_ERROR', 'the code');
        is($r->{json}{errors}[0]{field}, 'id', 'the field');
    }
};

subtest 'create, get, edit' => sub {
    my $r = api(POST => '', body => { name => 'Wildwood Bakery', description => 'Online ordering for a neighborhood bakery',
        url => 'wildwood-bakery.talkide.app', accent => 'oklch(0.78 0.15 70)', techStack => 'Vue + Spring Boot' });
    is($r->{status}, 201, 'created');
    my $p = $r->{json}{data};
    is($p->{status}, 'DRAFT', 'a draft');
    ok(exists $p->{conversationId} && !defined $p->{conversationId}, 'conversationId is null');
    like($p->{createdAt}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'times to the second');
    is($r->{headers}{location}, "/api/v1/projects/$p->{id}", 'Location');
    my $got = api(GET => "/$p->{id}")->{json}{data};
    is($got->{previewUrl}, 'https://wildwood-bakery.talkide.app', 'previewUrl');
    is($got->{$_}, $p->{$_}, $_) for qw(id name description url accent techStack);
    is(api(POST => '', body => { name => 'Wildwood Bakery' })->{json}{message}, 'A project with this name already exists', 'names are unique in the tenant');
    $r = $t->req(POST => '/api/v1/projects', token => $other, body => { name => 'Wildwood Bakery', url => 'wildwood-bakery.talkide.app' });
    is("$r->{status} $r->{json}{code} $r->{json}{message}", '409 CONFLICT_PROJECT This URL is already taken', 'urls everywhere');
    is(api(GET => '/check-url?url=wildwood-bakery.talkide.app')->{json}{data}{available}, JSON::PP::false, 'check-url: taken');
    is(api(GET => '/check-url?url=new-one.talkide.app')->{json}{data}{available}, JSON::PP::true, 'check-url: free');
    put($p->{id}, 'publish');
    $r = api(PUT => "/$p->{id}", body => { name => 'Wildwood' });
    is($r->{json}{data}{status}, 'UPDATED', 'an update of a LIVE project makes it UPDATED');
    is($r->{json}{data}{$_}, undef, "$_ is replaced by null") for qw(description url accent techStack);
    put($p->{id}, 'archive');
    is(api(PUT => "/$p->{id}", body => { name => 'x' })->{status}, 409, 'an archived one is not updated');
    is(put($p->{id}, 'archive')->{status}, 409, 'nor archived again');
    for my $bad ({}, { name => '' }, { name => 'x' x 101 }, { name => 5 }, { name => 'y', url => 'http://x' }, { name => 'y', description => 'd' x 501 }, { name => ' y' }) {
        $r = api(POST => '', body => $bad);
        is("$r->{status} $r->{json}{code} $r->{json}{message}", '400 VALIDATION_ERROR Validation failed', 'refused');
        ok($r->{json}{errors}[0]{field} && $r->{json}{errors}[0]{message}, 'field and message');
    }
};

subtest 'what the status allows' => sub {
    my %allowed = (publish => 'DRAFT UPDATED', pause => 'LIVE UPDATED', resume => 'PAUSED', build => 'DRAFT BUILDING UPDATED');
    for my $status (qw(DRAFT LIVE PAUSED UPDATED BUILDING)) {
        for my $verb (sort keys %allowed) {
            my $r = put(reach($status), $verb, $verb eq 'build' ? (body => { progress => 10 }) : ());
            my $want = " $allowed{$verb} " =~ / $status / ? 200 : 409;
            is($r->{status}, $want, "$verb from $status");
            is($r->{json}{code}, 'CONFLICT_PROJECT', 'the code') if $want == 409;
        }
    }
};

subtest 'build, archive, restore, finish the build' => sub {
    for my $from (qw(DRAFT UPDATED)) {
        my $id = reach($from);
        is(put($id, 'build', body => { progress => 30 })->{json}{data}{progress}, 30, 'it builds');
        is(put($id, 'archive')->{json}{data}{progress}, undef, 'archived in the middle');
        my $r = put($id, 'restore');
        is("$r->{json}{data}{status} $r->{json}{data}{progress}", 'BUILDING 30', 'restored to its build');
        $r = put($id, 'build', body => { progress => 100 });
        is($r->{json}{data}{status}, $from, "at 100 it is $from again");
    }
    is(put(project()->{id}, 'build', body => { progress => 101 })->{status}, 400, 'progress ends at 100');
};

subtest 'delete' => sub {
    my $p = project(url => 'gone.talkide.app');
    is(api(DELETE => "/$p->{id}")->{status}, 409, 'only of an archived one');
    put($p->{id}, 'archive');
    my $r = api(DELETE => "/$p->{id}");
    is($r->{status}, 204, 'deleted');
    is($r->{body}, '', 'without a body');
    is(api(GET => "/$p->{id}")->{status}, 404, 'it is gone');
    is(put($p->{id}, 'restore')->{status}, 404, 'for good');
    is(api(POST => '', body => { name => $p->{name}, url => 'gone.talkide.app' })->{status}, 201, 'its name and url are free again');
    isnt(api(POST => '', body => { name => 'after' })->{json}{data}{id}, $p->{id}, 'its id is not');
};

subtest 'list' => sub {
    my @names = map { project(name => "list $_")->{name} } qw(b a c);
    my $r = api(GET => '?search=LIST&sort=name');
    is(join(',', map { $_->{name} } @{ $r->{json}{data} }), 'list a,list b,list c', 'search in any case, sort by name');
    is(join(',', map { $r->{json}{$_} } qw(page size totalElements totalPages)), '0,20,3,1', 'the envelope');
    $r = api(GET => '?search=list&size=2&page=1');
    is(join(',', map { $_->{name} } @{ $r->{json}{data} }), 'list b', 'recent, the default, on the second page');
    is("$r->{json}{totalElements} $r->{json}{totalPages}", '3 2', 'totals');
    my ($id) = map { $_->{id} } @{ api(GET => '?search=list%20a')->{json}{data} };
    put($id, 'archive');
    is(scalar @{ api(GET => '?search=list')->{json}{data} }, 2, 'archived ones are not listed');
    is(join(',', map { $_->{name} } @{ api(GET => '?status=ARCHIVED&search=list')->{json}{data} }), 'list a', 'but by status=ARCHIVED');
    is(api(GET => '?status=DRAFT&search=list&sort=status')->{json}{totalElements}, 2, 'status');
    is(api(GET => "?$_")->{status}, 400, $_) for qw(status=X sort=x page=-1 size=0 size=101 page=a);
};

subtest 'who may' => sub {
    my $id = project()->{id};
    is($t->req(GET => "/api/v1/projects/$id", token => $reader)->{status}, 200, 'a reader reads');
    my $r = $t->req(PUT => "/api/v1/projects/$id/archive", token => $reader);
    body_is($r, 403, 'ACCESS_DENIED', 'You do not have permission to perform this action', 'and does not write');
    is(status($id), 'DRAFT', 'nothing changed');
};

subtest 'eight restores at the same time' => sub {
    my $id = reach('LIVE');
    put($id, 'archive');
    my @status = sort(concurrently(8, sub { put($id, 'restore')->{status} }));
    is("@status", '200 409 409 409 409 409 409 409', 'exactly one 200');
    is(audits($id, 'project.restored'), 1, 'and one audit row');
};

subtest 'eight creations at the same time' => sub {
    my @ids = sort { $a <=> $b } concurrently(8, sub { api(POST => '', body => { name => "together $_[0]" })->{json}{data}{id} // 0 });
    my %seen = map { $_ => 1 } @ids;
    ok(!$seen{0} && keys %seen == 8, 'eight ids: ' . join ' ', @ids);
    is(scalar(grep { $_ == 201 } concurrently(8, sub { api(POST => '', body => { name => 'the same' })->{status} })), 1, 'one of one name');
};

subtest 'login and refresh' => sub {
    my $login = sub { $t->req(POST => '/api/v1/auth/login', body => { email => $_[0], password => $_[1] }) };
    my ($email) = $t->sql("SELECT email FROM principals WHERE username = 'admin'");
    $email = $email->[0] if ref $email;
    my $r = $login->($email, $t->password('admin'));
    is($r->{status}, 200, 'by e-mail and password');
    is(join(' ', sort keys %{ $r->{json}{data} }), 'accessToken refreshToken', 'the two tokens');
    is($t->req(GET => '/api/v1/projects', token => $r->{json}{data}{accessToken})->{status}, 200, 'the access token is one');
    body_is($login->($email, 'wrong'), 401, 'AUTHENTICATION_FAILED', 'Invalid email or password', 'a wrong password');
    is($login->('nobody@example.org', 'wrong')->{body}, $login->($email, 'wrong')->{body}, 'an unknown e-mail is the same');
    is($login->(undef, 'x')->{json}{message}, 'Validation failed', 'a missing field');
    my $refresh = sub { $t->req(POST => '/api/v1/auth/refresh', body => { refreshToken => $_[0] }) };
    my $first = $r->{json}{data}{refreshToken};
    my $second = $refresh->($first)->{json}{data}{refreshToken};
    isnt($second, $first, 'a refresh token is exchanged');
    is($refresh->($first)->{json}{data}{refreshToken}, $second, 'again within 30 seconds: the same successor');
    is($t->req(GET => '/api/v1/projects', token => $second)->{status}, 401, 'a refresh token is no access token');
    my @all = concurrently(4, sub { $refresh->($second)->{json}{data}{refreshToken} });
    my %seen = map { $_ => 1 } @all;
    is(scalar keys %seen, 1, 'four at once get one successor');
    $t->sql("UPDATE refresh_rotations SET rotated_at = rotated_at - INTERVAL 31 SECOND");
    is($refresh->($first)->{status}, 401, 'later it shows a thief');
    is($refresh->($all[0])->{status}, 401, 'and ends the whole family');
};

$t->finish;
