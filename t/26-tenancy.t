#!/usr/bin/perl
# Who sees what, for every route there is: another tenant's id and an id that never
# existed give the same bytes; each role may do what its permissions say; a local
# model is there only for those it is shared with. Generated from the table of
# routes: a new route is tested when it is added, or this fails.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my @routes = grep { $_->{dialect} eq 'models' } tables($t, 'routes');
my @of_models = grep { $_->{path} =~ /\{/ } @routes;
cmp_ok(scalar @of_models, '>=', 12, 'routes with an id: ' . @of_models);

# A body that is right for the route, so that nothing but the id decides.
sub body_for {
    my $r = shift;
    return { reason => 'x' } if $r->{path} =~ m{/fail$};
    return { description => 'x' } if $r->{method} eq 'PATCH';
    return { name => 'n ' . rand, model_type => 'auto', task_type => 'clustering' } if $r->{method} eq 'POST' && $r->{path} eq $MODELS;
    return undef;
}
sub call {
    my ($route, $tok, %id) = @_;
    my $path = $route->{path} =~ s/\{(\w+)\}/$id{$1} \/\/ die "no $1: teach t\/26-tenancy.t what it is"/ger;
    return $t->req($route->{method} => $path, token => $tok, body => body_for($route));
}
# The bytes of a reply but for the request id and the time (and, in the log, nothing).
sub plain { $_[0]{raw} =~ s/^(?:X-Request-Id|Date): .*\r\n//mgr =~ s/"timestamp":"[^"]*"//r }
# Writes change things: each call has a model of its own with a run under way or a version.
sub fixture {
    my ($route, $owner) = @_;
    my $tok = $owner // $token;
    my $m = model($t, token => $tok);
    my %id = (model_id => $m->{id}, version_id => 'ver-001', job_id => hex_of($NOWHERE));
    if ($route->{path} =~ /version/) { my $job = act($t, $m->{id}, 'train', token => $tok)->{json}{job_id}; act($t, $m->{id}, "train/$job/complete", token => $tok) }
    $id{job_id} = act($t, $m->{id}, 'train', token => $tok)->{json}{job_id} if $route->{path} =~ /job_id/;
    act($t, $m->{id}, 'archive', token => $tok) if $route->{path} =~ m{/unarchive$};
    return %id;
}
sub name_of { "$_[0]{method} $_[0]{path}" }

subtest "another tenant's id and an unknown id give the same bytes" => sub {
    for my $route (@of_models) {
        my %theirs = fixture($route, $t->other);
        my %mine = fixture($route);
        my %unknown = (%theirs, model_id => $NOWHERE, job_id => '65f0c0ffee5eed0123456789');
        my ($other, $none, $odd, @mixed);
        unchanged($t, name_of($route), sub {
            $other = call($route, $token, %theirs);
            $none = call($route, $token, %unknown);
            $odd = call($route, $token, %theirs, model_id => 'mdl-7f3a19bc92');
            # their run or version under a model of mine, and the reverse
            @mixed = $route->{path} =~ /job_id/ ? (call($route, $token, %mine, job_id => $theirs{job_id}), call($route, $token, %mine, job_id => $unknown{job_id})) : ();
        });
        error_is($other, 404, 'RESOURCE_NOT_FOUND', name_of($route) . ": another tenant's");
        is(plain($other), plain($none), 'the same bytes as an unknown id');
        is(plain($odd), plain($none), 'and as a malformed one');
        is(plain($mixed[0]), plain($mixed[1]), "another tenant's run is as unknown as none") if @mixed;
        isnt(call($route, $token, %mine)->{status}, 404, 'while mine is found');
        is(call($route, $t->reader, %theirs)->{status}, 404, 'a reader too gets 404: not found comes before not allowed');
    }
};

subtest 'by list, by filter, by name: nothing of another tenant' => sub {
    my $theirs = model($t, token => $t->other, name => 'A name of theirs');
    for my $query ('', '?search=theirs', '?status=draft&page_size=100', '?task_type=regression') {
        my $r = $t->req(GET => "$MODELS$query", token => $token);
        is(join(' ', grep { $_->{organization_id} eq $theirs->{organization_id} } @{ $r->{json}{items} }), '', "list $query");
        unlike($r->{body}, qr/A name of theirs/, 'no name');
    }
    is(model($t, name => 'A name of theirs')->{status}, 'draft', 'their names are not taken here');
    my $m = model($t);
    is($t->req(GET => "$MODELS/$m->{id}/audit-logs?actor_id=$theirs->{created_by}", token => $token)->{json}{total}, 0, 'audit by an actor of theirs');
};

subtest 'each role may do what its permissions say' => sub {
    my %roles = (none => 'project:read', reading => 'model:read', writing => 'model:write', both => 'model:read model:write', admin => 'organization:admin');
    my %token = (admin => $token);
    for my $role (grep { $_ ne 'admin' } sort keys %roles) {
        is($t->thaw('role', 'set', '--org', 'Main', $role, '--permissions', $roles{$role}, '--rate', 100)->{exit}, 0, "given a role with $roles{$role}");
        $t->user("user-$role", role => $role);
        $token{$role} = $t->token("user-$role");
    }
    for my $route (@routes) {
        next if $route->{permission} eq 'public';
        for my $role (sort keys %roles) {
            my $may = $role eq 'admin' || $route->{permission} eq 'member' || " $roles{$role} " =~ / \Q$route->{permission}\E /;
            my %id = $route->{path} =~ /\{/ ? fixture($route) : ();
            if ($may) {
                is(call($route, $token{$role}, %id)->{status}, $route->{status}, name_of($route) . ": $role may");
            } else {
                my $before = database($t);
                my $r = call($route, $token{$role}, %id);
                error_is($r, 403, 'PERMISSION_DENIED', name_of($route) . ": $role may not");
                like($r->{headers}{'www-authenticate'} // '', qr/error="insufficient_scope", scope="\Q$route->{permission}\E"/, 'and is told what it takes');
                is(database($t), $before, 'nothing has changed');
            }
        }
        is(call($route, undef, model_id => $NOWHERE, version_id => 'x', job_id => 'x')->{status}, 401, name_of($route) . ': nobody may without a token');
    }
};

subtest 'a local model is there for those it is shared with' => sub {
    # The dialect that makes models local is another one; here one is made so.
    my $local = model($t, name => 'A local one');
    my $where = "organization_id = UNHEX('" . hex_of($local->{organization_id}) . "') AND id = UNHEX('" . hex_of($local->{id}) . "')";
    $t->sql("UPDATE models SET is_global = 0 WHERE $where");
    my %id = (none => $t->user('stranger'), OBSERVER => $t->user('observer'), USER => $t->user('userly'), OWNER => $t->user('owner'));
    my %token = map { $_->[0] => $t->token($_->[1]) } [ none => 'stranger' ], [ OBSERVER => 'observer' ], [ USER => 'userly' ], [ OWNER => 'owner' ];
    my %grant = (OBSERVER => 1, USER => 2, OWNER => 3);
    my $share = sub {
        my ($grantee, $role) = @_;
        $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, UNHEX('" . hex_of($grantee) . "'), $role, UTC_TIMESTAMP(6) FROM models WHERE $where");
    };
    $share->($id{$_}, $grant{$_}) for sort keys %grant;
    my $unknown = get($t, $NOWHERE, token => $token{none});
    is(plain(get($t, $local->{id}, token => $token{none})), plain($unknown), 'without a grant it is as unknown as none');
    is(plain(act($t, $local->{id}, 'archive', token => $token{none})), plain(act($t, $NOWHERE, 'archive', token => $token{none})), 'for writing too');
    my $sees = sub { my ($tok, $q) = @_; scalar grep { $_->{id} eq $local->{id} } @{ $t->req(GET => "$MODELS$q", token => $tok)->{json}{items} } };
    is($sees->($token{none}, $_), 0, "and not in a list $_") for '?page_size=100', '?search=local';
    for my $role (qw(OBSERVER USER OWNER)) {
        is(get($t, $local->{id}, token => $token{$role})->{status}, 200, "$role reads");
        is($sees->($token{$role}, '?search=local'), 1, 'and lists');
        is($t->req(GET => "$MODELS?search=local", token => $token{$role})->{json}{total}, 1, 'and counts');
    }
    error_is(act($t, $local->{id}, 'archive', token => $token{OBSERVER}), 403, 'PERMISSION_DENIED', 'OBSERVER does not write');
    for my $role (qw(USER OWNER)) {
        is(act($t, $local->{id}, $_, token => $token{$role})->{status}, 200, "$role: $_") for qw(archive unarchive);
    }
    is(get($t, $local->{id}, token => $token)->{status}, 200, 'an administrator sees all');
    is($sees->($token, '?search=local'), 1, 'in lists too');
    is(act($t, $local->{id}, $_, token => $token)->{status}, 200, "and may all: $_") for qw(archive unarchive);
    is(plain(get($t, $local->{id}, token => $t->other)), plain($unknown), 'but not one of another organization');

    $share->($local->{organization_id}, 1);
    is(get($t, $local->{id}, token => $token{none})->{status}, 200, 'shared with the organization: everybody in it reads');
    is($sees->($token{none}, '?search=local'), 1, 'and lists');
    error_is(act($t, $local->{id}, 'archive', token => $token{none}), 403, 'PERMISSION_DENIED', 'and no more');
    is($sees->($token{OWNER}, '?search=local'), 1, 'with two grants it is still one model');
    is($t->req(GET => "$MODELS?search=local&page=2", token => $token{OWNER})->{json}{total}, 1, 'and counts once');
    is(plain(get($t, $local->{id}, token => $t->other)), plain($unknown), 'another organization sees nothing');
};

subtest 'the answer to another tenant takes no longer than to nobody' => sub {
    my $theirs = model($t, token => $t->other)->{id};
    my %seconds;
    for my $n (1 .. 60) {
        for my $case ([ theirs => $theirs ], [ nobodys => $NOWHERE ]) {
            my $began = Time::HiRes::time();
            get($t, $case->[1]);
            push @{ $seconds{ $case->[0] } }, Time::HiRes::time() - $began;
        }
    }
    my ($theirs_ms, $none_ms) = map { 1000 * (sort { $a <=> $b } @$_)[ @$_ / 2 ] } @seconds{qw(theirs nobodys)};
    cmp_ok(abs($theirs_ms - $none_ms), '<', 1, sprintf 'medians %.2f and %.2f ms', $theirs_ms, $none_ms);
};

subtest 'every route was called' => sub {
    my %hit = map { ("$_->{method} " . ($_->{route} // '') => 1) } log_lines($t, 'access');
    ok($hit{ name_of($_) }, name_of($_)) for grep { $_->{permission} ne 'public' } @routes;
};

$t->finish;
