# Contract.pm: what the contract tests share, on top of Thaw.pm: models, workspaces,
# entities and their state in the database, the shape of an error, tokens made by
# hand, a FastCGI client, another writer that holds a lock.
package Contract;
use strict;
use warnings;
use Digest::SHA 'hmac_sha256';
use Exporter 'import';
use File::Temp ();
use IO::Socket::UNIX;
use JSON::PP ();
use Math::BigInt;
use MIME::Base64 'encode_base64url';
use POSIX ();
use Storable ();
use Test::More ();
use Thaw;
use Time::HiRes "time";

our @EXPORT = qw(described resolved $MODELS $UTC $NOWHERE json hex_of model act get trained retired workspace entity post_v1 moved_sql audits audit_rows
    told numbers_ok deliverer alter_key database unchanged error_is problem_is refusal_is keys_are in_base62 usr tables mint signing_key fastcgi hold in_background blocked log_lines curl);

our $MODELS = '/api/v1/models';
our $UTC = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
our $NOWHERE = 'mdl-65f0c0ffee5eed0123456789';           # an id that no model has

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
sub json { $json->encode($_[0]) }
sub hex_of {
    my $id = shift;
    return $1 if $id =~ /([0-9a-f]{24})$/;
    my ($digits) = $id =~ /_([0-9A-Za-z]{17})$/ or die "no id: $id";
    my $n = Math::BigInt->new(0);
    $n = $n * 62 + index join('', 0 .. 9, 'A' .. 'Z', 'a' .. 'z'), $_ for split //, $digits;
    return substr '0' x 24 . substr($n->as_hex, 2), -24;
}

# An id as the workspaces dialect spells it, and that of a user.
sub in_base62 {
    my ($prefix, $id) = @_;
    my ($n, $s) = (Math::BigInt->from_hex(hex_of($id)), '');
    for (1 .. 17) { $s = (0 .. 9, 'A' .. 'Z', 'a' .. 'z')[ ($n % 62)->numify ] . $s; $n = int($n / 62) }
    return $prefix . $s;
}
sub usr { my ($t, $name) = @_; in_base62('usr_', scalar $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = '$name'")) }

# --- models -----------------------------------------------------------------------

my $made = 0;

# A model, made through the API: the reply's object.
sub model {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = $t->req(POST => $MODELS, token => $token,
        body => { name => "model $$ " . ++$made, model_type => 'custom', task_type => 'regression', %o });
    $r->{status} == 201 or die "create: $r->{raw}";
    return $r->{json};
}

sub act {
    my ($t, $id, $verb, %o) = @_;
    return $t->req(POST => "$MODELS/$id/$verb", token => $t->admin, %o);
}

sub get { my ($t, $id, %o) = @_; $t->req(GET => "$MODELS/$id", token => $t->admin, %o) }

# A training run that succeeded, reported for the model: the job's object.
sub trained {
    my ($t, $id, %report) = @_;
    my $job = act($t, $id, 'train')->{json}{job_id} // die 'no training run';
    my $r = act($t, $id, "train/$job/complete", body => \%report);
    $r->{status} == 200 or die "complete: $r->{raw}";
    return $r->{json};
}

# No route of this dialect retires a model; here it is done as one would.
sub retired { my ($t, $id) = @_; $t->sql('BEGIN; ' . moved_sql('model', $id, 'retired', 'model.deleted') . '; COMMIT') }

# Another writer's change of an object's status, with its audit row and its event, so
# that the audit reconciles: the statements, for a transaction.
sub moved_sql {
    my ($type, $id, $status, $action) = @_;
    my $hex = hex_of($id);
    my $table = { model => 'models', workspace => 'workspaces', entity => 'entities', folder => 'folders' }->{$type};
    my $kept = join '', map { ", m.$_ = DEFAULT" } $type eq 'entity' ? () : $type eq 'workspace' ? 'hidden' : qw(hidden name_hash);
    my ($common, $where) = ("m.organization_id, UNHEX(LPAD(HEX(RAND() * 1e15), 24, '0')), UTC_TIMESTAMP(6)",
        "FROM $table m WHERE m.id = UNHEX('$hex')");
    return "INSERT INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision,
        from_state, to_state, request_id, client_address, user_agent) SELECT $common, 'test', '$action', '$type', m.id,
        m.revision + 1, m.status, '$status', 'test', '', '' $where;
        INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
        SELECT $common, '$action', '$type', m.id, m.revision + 1, 'test', '{}' $where;
        UPDATE $table m SET m.status = '$status'$kept, m.revision = m.revision + 1 WHERE m.id = UNHEX('$hex')";
}

# --- workspaces and entities ----------------------------------------------------------

# POST to an object's address: post_v1($t, "workspaces/$id/archive").
sub post_v1 { my ($t, $path, %o) = @_; $t->req(POST => "/v1/$path", token => $t->admin, %o) }

# A workspace, made through the API: the reply's object.
sub workspace {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = post_v1($t, 'workspaces', token => $token, body => { name => 'workspace ' . ++$made, %o });
    $r->{status} == 201 or die "create: $r->{raw}";
    return $r->{json};
}

# An entity of a workspace, brought to a status.
sub entity {
    my ($t, $workspace, %o) = @_;
    my ($token, $status) = (delete $o{token} // $t->admin, delete $o{status} // 'draft');
    my $r = post_v1($t, 'entities', token => $token, body => { workspace_id => $workspace, name => 'entity ' . ++$made,
        jurisdiction => 'US-DE', type => 'c_corp', %o });
    $r->{status} == 202 or die "create: $r->{raw}";
    my %way = (draft => [], submitted => ['submit'], registered => [qw(submit register)], dissolved => [qw(submit register dissolve)],
        rejected => [qw(submit reject)], cancelled => ['cancel']);
    $r = post_v1($t, "entities/$r->{json}{id}/$_", token => $token) for @{ $way{$status} };
    ($r->{json}{status} // '') eq $status or die "$status: $r->{raw}";
    return $r->{json};
}

# --- what the database holds ---------------------------------------------------------

# How many audit rows of an action an object has.
sub audits {
    my ($t, $id, $action) = @_;
    return $t->sql(sprintf "SELECT COUNT(*) FROM audit_events WHERE resource_id = UNHEX('%s') AND action = '%s'", hex_of($id), $action);
}

# What never changes of an API key, changed; workers that remember the key are no more.
sub alter_key {
    my ($t, $id, $set) = @_;
    $t->sql("UPDATE api_keys SET $set WHERE id = UNHEX('" . hex_of($id) . "')");
    $t->{worker}->stop;
    $t->start_workers;
}

# How many events of a type an object has.
sub told {
    my ($t, $id, $type) = @_;
    return $t->sql(sprintf "SELECT COUNT(*) FROM outbox WHERE resource_id = UNHEX('%s') AND type = '%s'", hex_of($id), $type);
}

# Numbers from 1 on in each organization, without a gap, of each object in the order of its revisions.
sub numbers_ok {
    my ($t) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is(join(', ', map { "@$_" } $t->sql('SELECT LOWER(HEX(c.organization_id)), COUNT(x.sequence), MIN(x.sequence), MAX(x.sequence), c.last
        FROM event_counters c JOIN outbox x ON x.organization_id = c.organization_id AND x.sequence IS NOT NULL
        GROUP BY c.organization_id HAVING COUNT(x.sequence) <> c.last OR MIN(x.sequence) <> 1 OR MAX(x.sequence) <> c.last')), '', 'numbers from 1 on, without a gap');
    Test::More::is(scalar $t->sql('SELECT COUNT(*) FROM (SELECT sequence, MAX(sequence) OVER (PARTITION BY organization_id, resource_type, resource_id ORDER BY revision) AS highest
        FROM outbox WHERE sequence IS NOT NULL) x WHERE sequence < highest'), 0, 'of one object in the order of its revisions');
}

# One that goes on until it is stopped, or killed.
sub deliverer {
    my ($t, %env) = @_;
    return Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf", %env } }, "$t->{dir}/deliver.log", "$Thaw::BUILD/thaw", 'deliver', '--follow');
}

# Columns of the audit rows of an object, oldest first, as hashes.
sub audit_rows {
    my ($t, $id, $where) = @_;
    my @columns = qw(action resource_type revision from_state to_state actor_name actor_id request_id client_address user_agent details at);
    my @rows = $t->sql(sprintf "SELECT %s FROM audit_events WHERE resource_id = UNHEX('%s') %s ORDER BY revision",
        join(', ', map { $_ eq 'actor_id' ? 'LOWER(HEX(actor_id))' : $_ } @columns), hex_of($id), $where ? "AND $where" : '');
    return map { my %h; @h{@columns} = @$_; \%h } @rows;
}

# A checksum of everything that a request could change, attempts included.
sub database {
    my $t = shift;
    $t->{tables} //= join ', ', map { $_->[0] } $t->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'thaw' AND table_type = 'BASE TABLE'");
    return join "\n", map { join ' ', @$_ } $t->sql("CHECKSUM TABLE $t->{tables}");
}

# Runs the code and asserts that the database is afterwards what it was before.
sub unchanged {
    my ($t, $name, $code) = @_;
    $t->$_ for qw(admin reader member other);                # made at first use, which is a change
    my $before = database($t);
    $code->();
    Test::More::is(database($t), $before, "$name: nothing has changed");
}

# --- answers --------------------------------------------------------------------------

sub keys_are {
    my ($object, $keys, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is(join(' ', sort keys %{ ref $object eq 'HASH' ? $object : {} }), join(' ', sort split ' ', $keys), $name);
}

# The error envelope of the models dialect, whole; field: the field that details name.
sub error_is {
    my ($r, $status, $code, $name, $field) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = ref $r->{json} eq 'HASH' && ref $r->{json}{error} eq 'HASH' ? $r->{json}{error} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'code ' . ($e->{code} // 'none') . ", not $code" if ($e->{code} // '') ne $code;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
    push @bad, 'more than `error` in the envelope' if keys %{ ref $r->{json} eq 'HASH' ? $r->{json} : {} } != 1;
    push @bad, "unknown key $_" for grep { !/^(?:code|message|details|timestamp)$/ } sort keys %$e;
    push @bad, 'no message' unless length($e->{message} // '');
    push @bad, 'no timestamp' unless ($e->{timestamp} // '') =~ $UTC;
    push @bad, 'no X-Request-Id' unless length($r->{headers}{'x-request-id'} // '');
    push @bad, 'cacheable' unless ($r->{headers}{'cache-control'} // '') =~ /no-store/;
    push @bad, 'details name ' . (ref $e->{details} eq 'HASH' ? $e->{details}{field} : 'nothing') . ", not $field"
        if defined $field && !(ref $e->{details} eq 'HASH' && ($e->{details}{field} // '') eq $field && length($e->{details}{reason} // ''));
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr($r->{raw} // $r->{body}, 0, 2000));
}

# Problem details (RFC 9457), for an address under no dialect's prefix.
sub problem_is {
    my ($r, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $p = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/problem+json';
    push @bad, 'its status member differs' if ($p->{status} // 0) != $status;
    push @bad, "no $_" for grep { !length($p->{$_} // '') } qw(type title detail);
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr($r->{raw} // $r->{body}, 0, 2000));
}

# The problem of the workspaces dialect, whole: detail is a sentence or a pattern; with:
# the members that this one has beyond those of all (errors: the fields it names).
sub refusal_is {
    my ($r, $status, $code, $detail, $name, %with) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($p, $h) = (ref $r->{json} eq 'HASH' ? $r->{json} : {}, $r->{headers});
    my $docs = $with{docs} // 'https://mattermode.com/docs';
    delete $with{docs};
    $with{param} //= $with{errors}[0] if $with{errors};
    my %want = (type => "$docs/errors/$code", title => ucfirst($code =~ tr/_/ /r), status => 0 + $status, code => $code, detail => $detail,
        instance => '/requests/' . ($p->{request_id} // ''), doc_url => "$docs/guides/errors#$code", request_id => $h->{'x-request-id'}, %with);
    my %got = (%$p, $p->{errors} ? (errors => [ map { $_->{field} } @{ $p->{errors} } ]) : ());
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($h->{'content-type'} // 'none') if ($h->{'content-type'} // '') ne 'application/problem+json';
    push @bad, 'request_id ' . ($p->{request_id} // 'none') if ($p->{request_id} // '') !~ /^req_\w+$/;
    push @bad, 'Matter-Request-Id ' . ($h->{'matter-request-id'} // 'none') if ($h->{'matter-request-id'} // '') ne ($p->{request_id} // '');
    push @bad, 'cacheable' unless ($h->{'cache-control'} // '') =~ /no-store/;
    push @bad, 'Retry-After ' . ($h->{'retry-after'} // 'none') if json($h->{'retry-after'}) ne json(defined $p->{retry_after} ? "$p->{retry_after}" : undef);
    push @bad, map { "no member $_" } grep { !exists $got{$_} } sort keys %want;
    push @bad, map { "a member $_" } grep { !exists $want{$_} } sort keys %got;
    for my $k (grep { exists $got{$_} } sort keys %want) {
        next if ref $want{$k} eq 'Regexp' ? ($got{$k} // '') =~ $want{$k} : json($got{$k}) eq json($want{$k});
        push @bad, "$k is " . json($got{$k}) . ', not ' . (ref $want{$k} eq 'Regexp' ? $want{$k} : json($want{$k}));
    }
    for my $fault (@{ $p->{errors} // [] }) {
        push @bad, 'an entry of errors without code or message' unless length($fault->{code} // '') && length($fault->{message} // '') && keys %$fault == 3;
    }
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr($r->{raw} // $r->{body}, 0, 2000));
}

# The rows of `thaw tables NAME`.
sub tables {
    my ($t, $name) = @_;
    my $r = $t->thaw('--json', 'tables', $name);
    ref $r->{json} eq 'ARRAY' or die "thaw tables $name: $r->{exit} $r->{err}";
    return @{ $r->{json} };
}

# What the program describes, the console too, with each reference in place of what it names: { paths, components... }.
# A value that may be null says so by its type alone.
sub described {
    my ($t) = @_;
    my @docs = map { my $r = $t->thaw('openapi', @$_); ref $r->{json} eq 'HASH' or die "thaw openapi: $r->{err}"; resolved($r->{json}) } [], [ '--api', 'console' ];
    return { %{ $docs[0] }, paths => { map { %{ $_->{paths} } } @docs } };
}
sub resolved {
    my ($doc) = @_;
    my $in;
    $in = sub {
        my ($v) = @_;
        return [ map { $in->($_) } @$v ] if ref $v eq 'ARRAY';
        return $v if ref $v ne 'HASH';
        if (my $name = $v->{'$ref'}) {
            my $there = $doc;
            $there = $there->{$_} // die "no $name" for split m{/}, $name =~ s{^#/}{}r;
            return $in->({ %$there, map { $_ => $v->{$_} } grep { $_ ne '$ref' } keys %$v });
        }
        if (@{ $v->{anyOf} // [] } == 2 && ($v->{anyOf}[1]{type} // '') eq 'null') {
            my %one = (%{ $in->($v->{anyOf}[0]) }, map { $_ => $in->($v->{$_}) } grep { $_ ne 'anyOf' } keys %$v);
            return { %one, type => [ $one{type}, 'null' ], $one{enum} ? (enum => [ @{ $one{enum} }, undef ]) : () };
        }
        return { map { $_ => $in->($v->{$_}) } keys %$v };
    };
    return $in->($doc);
}

# --- tokens by hand ----------------------------------------------------------------------

# A signing key of the server: {kid, alg, file}; of the algorithm, made when there is none.
sub signing_key {
    my ($t, $alg) = @_;
    my $find = sub { map { m{([^/]+)\.(\w+)\.(?:pem|key)$} ? { kid => $1, alg => $2, file => $_ } : () } glob "$t->{dir}/keys/*.$alg.*" };
    my ($key) = $find->();
    if (!$key) {
        my $r = $t->thaw('signing-key', 'create', '--alg', $alg);
        $r->{exit} and die "signing-key create: $r->{err}";
        ($key) = $find->();
    }
    return $key;
}

sub run_openssl {
    my ($in, @command) = @_;
    my ($from, $to) = (File::Temp->new, File::Temp->new);
    print $from $in; $from->flush;
    system("openssl @command < $from > $to") == 0 or die "openssl @command";
    return slurp("$to");
}

# An ECDSA signature from DER, SEQUENCE { r INTEGER, s INTEGER }, to the 64 bytes
# of RFC 7518 3.4.
sub raw_signature {
    my ($r, $s) = unpack 'x2 x C/a x C/a', $_[0];
    return join '', map { s/^\0+//; ("\0" x (32 - length)) . $_ } $r, $s;
}

# A JWT. key: {kid, alg, file}; header and claims: members to add, replace or, when
# undef, to leave out; *_text: those bytes instead; signature: those bytes instead.
sub mint {
    my ($key, %o) = @_;
    my %header = (typ => 'JWT', alg => $key->{alg}, kid => $key->{kid}, %{ $o{header} // {} });
    my $now = int time;
    my %claims = (iss => 'thaw-test', aud => 'thaw-test', iat => $now, exp => $now + 600, %{ $o{claims} // {} });
    delete @header{ grep { !defined $header{$_} } keys %header };
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    my $signed = join '.', map { encode_base64url($_) } $o{header_text} // json(\%header), $o{claims_text} // json(\%claims);
    my $with = $o{sign_as} // $key->{alg};
    my $signature = $o{signature} // (
          $with eq 'none'  ? ''
        : $with eq 'HS256' ? hmac_sha256($signed, $o{secret} // pack 'H*', slurp($key->{file}) =~ s/\s+//gr)
        : $with eq 'RS256' ? run_openssl($signed, "dgst -sha256 -sign '$key->{file}'")
        :                    raw_signature(run_openssl($signed, "dgst -sha256 -sign '$key->{file}'")));
    return "$signed." . encode_base64url($signature);
}

# --- other ways in --------------------------------------------------------------------------

# One request over the workers' own socket, past nginx: [name => value, ...], stdin.
sub fastcgi {
    my ($t, $params, $stdin) = @_;
    my $record = sub { my ($type, $content) = @_; pack('CCnnCC', 1, $type, 1, length $content, 0, 0) . $content };
    my $size = sub { $_[0] < 128 ? chr $_[0] : pack 'N', $_[0] | 0x80000000 };
    my %given = @$params;
    my %usual = (GATEWAY_INTERFACE => 'CGI/1.1', REMOTE_ADDR => '192.0.2.7', REQUEST_ID => 'fastcgi-test', REQUEST_METHOD => 'GET');
    my @p = ((map { exists $given{$_} ? () : ($_ => $usual{$_}) } sort keys %usual), @$params);
    my $pairs = '';
    while (my ($n, $v) = splice @p, 0, 2) { $pairs .= $size->(length $n) . $size->(length $v) . $n . $v }
    my $s = IO::Socket::UNIX->new(Peer => "$t->{dir}/thaw.sock") or die "thaw.sock: $!";
    print $s pack('CCnnCCnCx5', 1, 1, 1, 8, 0, 0, 1, 0), $record->(4, $pairs), $record->(4, ''),
        length $stdin ? $record->(5, $stdin) : (), $record->(5, '');
    my ($all, $out) = ('', '');
    my $left = alarm 20;
    1 while sysread $s, $all, 65536, length $all;
    alarm $left;
    while (length $all >= 8) {
        my (undef, $type, undef, $n, $pad) = unpack 'CCnnC', $all;
        $out .= substr $all, 8, $n if $type == 6;
        substr $all, 0, 8 + $n + $pad, '';
    }
    $out =~ s{^Status: }{HTTP/1.1 };
    return Thaw::parse($out);
}

# Real curl, its arguments as one shell command; the reply with its status.
sub curl {
    my ($t, $command) = @_;
    my $r = $t->run({}, '', 'sh', '-c', "curl -s -i $command");
    $r->{exit} and die "curl $command: $r->{exit} $r->{err}";
    return Thaw::parse($r->{out});
}

# --- others at work ----------------------------------------------------------------------------

# Another writer: runs the statements in a transaction that it keeps open. The
# returned sub runs more statements (if given) and commits.
sub hold {
    my ($t, $statements) = @_;
    my $log = "$t->{dir}/hold." . ++$made;
    pipe my $r, my $w or die $!;
    my $guard = Thaw::Guard->start({ stdin => $r }, $log, 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock",
        '-uroot', '--unbuffered', '-N', 'thaw');
    syswrite $w, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN; $statements;\nSELECT 'held';\n";
    within(10, sub { slurp($log) =~ /^held/m }, "the other writer: $statements");
    return sub {
        my $more = shift;
        syswrite $w, ($more ? "$more;\n" : '') . "COMMIT;\n";
        close $w;
        my $status = $guard->wait;
        die "the other writer: " . slurp($log) if $status;
    };
}

# Runs the code in a process of its own; the returned sub waits for what it returns.
sub in_background {
    my $code = shift;
    pipe my $r, my $w or die $!;
    my $pid = fork // die $!;
    if (!$pid) { Storable::nstore_fd($code->(), $w); close $w; POSIX::_exit(0) }
    close $w;
    return sub { my $got = Storable::fd_retrieve($r); waitpid $pid, 0; $got };
}

# Waits until n transactions wait for a lock.
sub blocked {
    my ($t, $n) = @_;
    within(5, sub { $t->sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_ROW_LOCK_CURRENT_WAITS'") >= $n },
        "$n transactions waiting");
}

# The JSON lines of the workers' log, of one kind, for one request if given.
sub log_lines {
    my ($t, $kind, $request_id) = @_;
    return grep { $_->{log} eq $kind && (!defined $request_id || ($_->{request_id} // '') eq $request_id) }
        map { eval { $json->decode($_) } // () } grep { /^\{/ } split /\n/, slurp("$t->{dir}/worker.log");
}

1;
