#!/usr/bin/perl
# Audit logs of a model: who did what, when, from where; by action, actor and time.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX 'strftime';
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my ($admin, $member) = ($t->admin, $t->member);
my $m = model($t);
my $id = $m->{id};
sub logs { my ($query, %o) = @_; $t->req(GET => "$MODELS/$id/audit-logs$query", token => $admin, %o) }
sub actions { join ' ', map { $_->{action} =~ s/^model\.//r } @{ logs(@_)->{json}{items} } }

act($t, $id, 'archive', token => $member, headers => [ 'User-Agent' => 'a member' ]);
my $unarchived = act($t, $id, 'unarchive');
my $job = act($t, $id, 'train', token => $member)->{json}{job_id};
act($t, $id, "train/$job/fail", body => { reason => 'no data' });

subtest 'entries' => sub {
    my $r = logs('');
    is($r->{status}, 200, 'status 200');
    keys_are($r->{json}, 'items total page page_size has_next', 'a page');
    is(json([ @{ $r->{json} }{qw(total page page_size has_next)} ]), '[5,1,50,false]', 'of 50');
    is(actions(''), 'training_failed training_started unarchived archived created', 'newest first');
    is(actions('?sort_order=asc'), 'created archived unarchived training_started training_failed', 'or oldest first');
    keys_are($_, 'id action actor timestamp from_status to_status ip_address user_agent request_id details', "$_->{action}: every field") for @{ $r->{json}{items} };
    my ($failed, $started, $un, $archived, $created) = @{ $r->{json}{items} };
    like($un->{id}, qr/^aud-[0-9a-f]{24}$/, 'id');
    is_deeply($un->{actor}, { id => $m->{created_by}, name => 'admin' }, 'actor');
    is("$un->{timestamp} $un->{from_status} $un->{to_status}", "$unarchived->{json}{unarchived_at} archived draft", 'timestamp, from, to');
    is($un->{request_id}, $unarchived->{headers}{'x-request-id'}, 'the request that did it');
    is("$archived->{actor}{name} $archived->{ip_address} $archived->{user_agent}", 'member 127.0.0.1 a member', 'who, from where, with what');
    is_deeply($failed->{details}, { job_id => $job, reason => 'no data' }, 'details');
    is_deeply($created->{details}, {}, 'which may be empty');
    is($created->{from_status}, undef, 'created from nothing');
    is(logs('')->{body}, $r->{body}, 'entries are immutable: reading them changes nothing');
    is(logs('', token => $t->reader)->{body}, $r->{body}, 'any member may read them');
};

subtest 'filters' => sub {
    is(actions('?action=model.archived'), 'archived', 'by action');
    my $by = logs('?action=model.archived')->{json}{items}[0]{actor}{id};
    is(actions("?actor_id=$by"), 'training_started archived', 'by actor');
    is(actions("?actor_id=$by&action=model.training_started&sort_order=asc"), 'training_started', 'by both');
    is(actions('?action=model.deleted'), '', 'none of an action');
    is(actions('?actor_id=usr-65f0c0ffee5eed0123456789'), '', 'none of an actor');
    is(actions('?page_size=2&page=2'), 'unarchived archived', 'by pages');
    is(json([ @{ logs('?page_size=2&page=2')->{json} }{qw(total has_next)} ]), '[5,true]', 'that know how many there are');
    is(json([ @{ logs('?page_size=2&page=9')->{json} }{qw(total has_next items)} ]), '[5,false,[]]', 'beyond the last too');
    is(logs('?page_size=200')->{status}, 200, '200 at most');
};

subtest 'from and to' => sub {
    # given the same history, moved back in time row by row
    my $n = 0;
    $t->sql(sprintf "UPDATE audit_events SET at = UTC_TIMESTAMP() - INTERVAL %d DAY WHERE resource_id = UNHEX('%s') AND revision = %d",
        $_->[1], hex_of($id), $_->[0]) for [ 1, 400 ], [ 2, 91 ], [ 3, 89 ], [ 4, 10 ], [ 5, 0 ];
    my $ago = sub { strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time - $_[0] * 86400)) };
    is(actions(''), 'training_failed training_started unarchived', 'by default the last 90 days');
    is(actions('?from=' . $ago->(100)), 'training_failed training_started unarchived archived', 'from');
    is(actions('?from=' . $ago->(500) . '&to=' . $ago->(50)), 'unarchived archived created', 'from and to');
    is(actions('?to=' . $ago->(5)), 'training_started unarchived', 'to alone');
    is(actions('?from=' . substr $ago->(500), 0, 10), 'training_failed training_started unarchived archived created', 'a plain date');
    is(actions('?from=1970-01-01T00:00:00Z'), 'training_failed training_started unarchived archived created', 'from the beginning of time');
    $t->sql(sprintf "UPDATE audit_events SET at = UTC_TIMESTAMP() + INTERVAL 1 HOUR WHERE resource_id = UNHEX('%s') AND revision = 5", hex_of($id));
    is(actions(''), 'training_failed training_started unarchived', 'and no end that was not asked for: a row of a clock that is ahead');
    is(logs('')->{json}{total}, 3, 'counted too');
    is(actions('?to=' . $ago->(0)), 'training_started unarchived', 'asked for, it is one');
    is(logs('?from=' . $ago->(1) . '&to=' . $ago->(5))->{json}{error}{details}{field}, 'from', 'the wrong way round: said');
    is(actions('?from=' . ($ago->(100) =~ s/Z/%2B00:00/r)), 'training_failed training_started unarchived archived', 'with an offset');
    is(logs("?from=$_")->{status}, 200, "from $_, at the edge of what a date can be") for qw(0001-01-01 9999-12-31T23:59:59-23:59 0000-01-01T00:00:00%2B23:59 1969-12-31T23:59:59.5Z);
    is(logs("?to=$_")->{status}, 200, "to $_") for qw(0001-01-01 9999-12-31T23:59:59-23:59 0000-01-01T00:00:00%2B23:59);
};

subtest 'what is refused' => sub {
    error_is(logs("?$_->[0]"), 400, 'VALIDATION_ERROR', $_->[0], $_->[1]) for
        [ 'action=archived', 'action' ], [ 'action=', 'action' ], [ 'actor_id=admin', 'actor_id' ], [ 'actor_id=mdl-65f0c0ffee5eed0123456789', 'actor_id' ],
        [ 'from=yesterday', 'from' ], [ 'from=', 'from' ], [ 'to=2026-02-30', 'to' ], [ 'to=1773483330', 'to' ], [ 'sort_order=up', 'sort_order' ],
        [ 'page=0', 'page' ], [ 'page_size=201', 'page_size' ], [ 'page_size=0', 'page_size' ], [ 'from=2026-01-01&from=2026-01-02', 'from' ];
    error_is($t->req(GET => "$MODELS/$NOWHERE/audit-logs", token => $admin), 404, 'RESOURCE_NOT_FOUND', 'of no model');
    error_is(logs('', token => $t->other), 404, 'RESOURCE_NOT_FOUND', "another organization's");
    error_is($t->req($_ => "$MODELS/$id/audit-logs", token => $admin, body => {}), 405, 'METHOD_NOT_ALLOWED', "$_: entries are immutable") for qw(POST PUT PATCH DELETE);
    act($t, $id, 'archive');
    is(logs('')->{json}{items}[0]{action}, 'model.archived', 'an archived model keeps its audit log');
};

subtest 'an entry of the thaw command has no actor id' => sub {
    $t->sql(sprintf "UPDATE audit_events SET actor_id = NULL, actor_name = 'thaw' WHERE resource_id = UNHEX('%s') AND revision = 5", hex_of($id));
    is_deeply(logs('?action=model.training_failed')->{json}{items}[0]{actor}, { id => undef, name => 'thaw' }, 'the name alone');
};

$t->finish;
