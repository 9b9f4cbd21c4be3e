#!/usr/bin/perl
# Bad input over the real nginx: each gets a clear error in the caller's dialect,
# never a 500, and changes nothing.
# Not run again when it fails (AGAIN=1): it tries what comes to it by chance.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode 'encode';
use IO::Select;
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my $archived = model($t)->{id};
act($t, $archived, 'archive');
$t->$_ for qw(reader member other);
my @workers = $t->worker_pids;
my $start = database($t);

sub post { my ($body, %o) = @_; $t->req(POST => $MODELS, token => $token, body => $body, %o) }
sub path { my ($path, %o) = @_; $t->req(GET => $path, token => $token, %o) }
# A request as bytes; the header section given as it is.
sub raw {
    my ($line, $headers, $body) = @_;
    return Thaw::parse($t->raw("$line\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $token\r\n$headers\r\n" . ($body // ''), timeout => 12));
}

subtest 'JSON that is none' => sub {
    my $valid = '"name":"x","model_type":"auto","task_type":"clustering"';
    my @bodies = (
        broken => '{', broken => "{$valid", broken => "{$valid,}", broken => "{$valid}}", broken => '{"name"}', broken => '{name:"x"}', broken => 'x', broken => ' ',
        quoted => "{'name':'x'}", commented => "{$valid}// yes", commented => "/* */{$valid}", numbers => "{$valid,\"metadata\":{\"n\":NaN}}",
        numbers => "{$valid,\"metadata\":{\"n\":Infinity}}", numbers => "{$valid,\"metadata\":{\"n\":01}}", numbers => "{$valid,\"metadata\":{\"n\":1.}}",
        numbers => "{$valid,\"metadata\":{\"n\":18446744073709551616}}", numbers => "{$valid,\"metadata\":{\"n\":1e999}}", numbers => "{$valid,\"metadata\":{\"n\":" . '9' x 500 . '}}',
        deep => '{"metadata":' . '{"a":' x 60 . '1' . '}' x 61, 'too many values' => "{$valid,\"metadata\":{\"a\":[" . join(',', (0) x 100_000) . ']}}',
        deep => '[' x 100_000, deep => '{"a":' x 100_000,
        'duplicate key' => "{$valid,\"name\":\"y\"}", 'duplicate key' => "{$valid,\"\\u006eame\":\"y\"}", 'duplicate key' => "{$valid,\"metadata\":{\"a\":1,\"a\":1}}",
        'duplicate key' => '{"a' . "\xe6\x9d\xb1" x 40 . '":1,"a' . "\xe6\x9d\xb1" x 40 . '":1}',
        NUL => "{$valid}\0", NUL => "{$valid,\"metadata\":{\"a\0b\":1}}", NUL => "{$valid,\"description\":\"a\\u0000b\"}", NUL => "{$valid,\"r\\u0000x\":1}", NUL => "\0", NUL => "{\0$valid}",
        control => "{$valid,\"description\":\"a\nb\"}", control => "{$valid,\"description\":\"a\x01b\"}", escape => "{$valid,\"description\":\"\\x41\"}",
        'UTF-8' => "{$valid,\"description\":\"\xff\"}", 'UTF-8' => "{$valid,\"description\":\"\xc0\xaf\"}", 'UTF-8' => "{$valid,\"description\":\"\xed\xa0\x80\"}", 'UTF-8' => "{$valid,\"description\":\"\xe2\x82\"}",
        'UTF-16' => encode('UTF-16LE', "{$valid}"), 'UTF-16' => encode('UTF-16', "{$valid}"), BOM => "\xef\xbb\xbf{$valid}", surrogate => "{$valid,\"description\":\"\\ud800\"}", surrogate => "{$valid,\"description\":\"\\udc00\\ud800\"}",
        'trailing bytes' => "{$valid}x", 'trailing bytes' => "{$valid}{$valid}", 'no object' => '[]', 'no object' => 'null', 'no object' => '"x"', 'no object' => '5', 'no object' => 'true', 'no object' => "[{$valid}]");
    unchanged($t, 'JSON that is none', sub {
        while (my ($what, $body) = splice @bodies, 0, 2) {
            error_is(post($body), 400, 'VALIDATION_ERROR', "$what: " . (substr($body, 0, 60) =~ s/[^ -~]/?/gr), 'body');
        }
        error_is($t->req(POST => $MODELS, token => $token), 400, 'VALIDATION_ERROR', 'no body', 'body');
        error_is(post(''), 400, 'VALIDATION_ERROR', 'an empty body', 'body');
    });
};

subtest 'a body at random' => sub {
    # given a valid change of an archived model, which is 409; each mutation is that or 400
    my $seed = $ENV{SEED} // time;
    srand $seed;
    note "SEED=$seed";
    my $body = '{"name":"m","description":null,"tags":["a","\u0041"],"config":{"target_column":"y"},"metadata":{"n":-1.5e3,"d":{"x":[true,{}]}}}';
    my %count;
    unchanged($t, 'mutations', sub {
        error_is($t->req(PATCH => "$MODELS/$archived", token => $token, body => $body), 409, 'CONFLICT', 'as it is');
        for (1 .. 250) {
            my $b = $body;
            for (0 .. rand 3) {
                my $at = int rand length $b;
                my $what = rand 4;
                $what < 1 ? substr($b, $at, 1, chr rand 256) : $what < 2 ? substr($b, $at, 1 + rand 5, '')
                    : $what < 3 ? substr($b, $at, 0, substr $body, rand length $body, 1 + rand 20) : substr($b, $at, 0, (split(//, '{}[]"\\:,'), "\0", "\xff")[rand 10]);
            }
            my $r = $t->req(PATCH => "$MODELS/$archived", token => $token, body => $b);
            $count{ $r->{status} }++;
            fail("status $r->{status}: $b") if $r->{status} != 400 && $r->{status} != 409;
        }
    });
    cmp_ok($count{400} // 0, '>', 50, 'most are refused for what they are');
};

subtest 'media types' => sub {
    my $body = { name => 'media', model_type => 'auto', task_type => 'clustering' };
    unchanged($t, 'wrong media types', sub {
        error_is(post($body, type => $_), 415, 'UNSUPPORTED_MEDIA_TYPE', $_) for 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
            'application/jsonx', 'application/json-patch+json', 'text/json', 'application', 'json', 'application/json; charset=iso-8859-1', 'application/json, text/plain';
        error_is(raw("POST $MODELS HTTP/1.1", "Content-Length: 2\r\n", '{}'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'no Content-Type');
        error_is(post($body, headers => [ 'Content-Encoding' => 'gzip' ]), 415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding: gzip');
        error_is(act($t, $archived, 'train', body => '{}', type => 'text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'also where a body may be missing');
    });
    my $n = 0;
    is(post({ %$body, name => 'media ' . ++$n }, type => $_)->{status}, 201, $_) for 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;charset="UTF-8"', 'application/json ; x=y';
};

subtest 'methods' => sub {
    unchanged($t, 'unknown methods', sub {
        for my $method (qw(DELETE PUT FOO PROPFIND PATCHX)) {
            my $r = $t->req($method => $MODELS, token => $token);
            error_is($r, 405, 'METHOD_NOT_ALLOWED', $method);
            is($r->{headers}{allow}, 'POST, GET, HEAD, OPTIONS', 'with Allow');
        }
        my $r = $t->req(TRACE => $MODELS, token => $token);
        error_is($r, 405, 'METHOD_NOT_ALLOWED', 'TRACE, which nginx refuses by itself');
        ok($r->{headers}{allow}, 'with Allow too');
        error_is($t->req(GET => "$MODELS/$archived/$_", token => $token), 405, 'METHOD_NOT_ALLOWED', "GET of $_") for qw(archive unarchive train/x/fail);
        error_is($t->req(PUT => "$MODELS/$archived"), 405, 'METHOD_NOT_ALLOWED', 'without a token too');
        like($t->req($_ => $MODELS, token => $token)->{status}, qr/^4/, "$_ is nothing") for 'get', 'G-T', 'CONNECT';
        is($t->req(POST => "$MODELS/$archived/unarchive", token => $t->reader, headers => [ 'X-HTTP-Method-Override' => 'GET' ])->{status}, 403, 'no header changes the method');
    });
};

subtest 'paths' => sub {
    unchanged($t, 'paths that are none', sub {
        for my $p ("/$archived%2Farchive", "/$archived%2farchive", "/$archived/%2e%2e", "/$archived/..%2f", "/$archived/%2E", "/$archived%00", "/%00", "/$archived%5C",
                   "/$archived%0d%0aX-Evil:%201", "/$archived%0a", "/$archived%7f", "/%zz", "/%", "/$archived%2", "/%ff", "/%c0%af", "/%ed%a0%80", "/..", "/../models/$archived",
                   "/./$archived", "/$archived/.", '/x' . '/y' x 50) {
            my $r = path("$MODELS$p");
            my $code = $r->{status} == 400 ? 'VALIDATION_ERROR' : 'RESOURCE_NOT_FOUND';
            like($r->{status}, qr/^40[04]$/, "400 or 404: $p");
            error_is($r, $r->{status}, $code, 'in the dialect');
            ok(!$r->{headers}{'x-evil'}, 'nothing injected');
        }
        is(path("$MODELS/$archived?$_->[0]")->{json}{error}{details}{reason}, $_->[1], "what is wrong with $_->[0]") for [ 'x=%00', 'has a NUL (%00)' ], map { [ $_, 'has a broken percent escape or is not UTF-8' ] } 'x=%zz', 'x=%ff', 'x=%2500%';
        error_is(path("$MODELS/$archived?$_"), 400, 'VALIDATION_ERROR', "query $_") for 'x=%', 'x=%zz', 'x=%00', '%ff', 'a=%c0%af', join '&', map { "p$_=1" } 1 .. 200;
        error_is(path("$MODELS/%25$archived"), 404, 'RESOURCE_NOT_FOUND', 'decoded once');
        error_is(path("$MODELS/" . (sprintf '%%%x', ord 'm') . substr($archived, 1) . 'x'), 404, 'RESOURCE_NOT_FOUND', 'an encoded letter is the letter');
        is(path("$MODELS/%6ddl-" . hex_of $archived)->{status}, 200, 'also where it leads somewhere');
        problem_is(path($_), 400, "of no dialect: $_") for '/%zz', '/x%2Fy', '/%00x', "$MODELS%2F$archived";
    });
};

subtest 'headers given twice' => sub {
    unchanged($t, 'headers given twice', sub {
        error_is(raw("POST $MODELS/$archived/unarchive HTTP/1.1", $_), 400, 'VALIDATION_ERROR', $_ =~ s/\r\n/ | /gr =~ s/(Bearer .{5}).*/$1.../r) for
            "Authorization: Bearer $token\r\n", "authorization: Bearer x\r\n", "If-Match: \"1\"\r\nIf-Match: \"2\"\r\n", "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
            "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "If-None-Match: \"1\"\r\nIf-None-Match: \"2\"\r\n";
        error_is(raw("POST $MODELS/$archived/unarchive HTTP/1.1", "Content-Length: 0\r\nContent-Length: 2\r\n", '{}'), 400, 'VALIDATION_ERROR', 'Content-Length');
        error_is(raw("POST $MODELS/$archived/unarchive HTTP/1.1", "Host: y\r\n"), 400, 'VALIDATION_ERROR', 'Host');
    });
};

subtest 'too large' => sub {
    my $frame = json({ name => 'large', model_type => 'auto', task_type => 'clustering', metadata => { k => 'v' }, x => '' });     # x: let be
    my $sized = sub { $frame =~ s/"x":""/'"x":"' . 'x' x ($_[0] - length $frame) . '"'/er };
    unchanged($t, 'what is too large', sub {
        error_is(post($sized->(1048577)), 413, 'PAYLOAD_TOO_LARGE', 'a body of one byte more than a MiB');
        my ($s, $reply) = ($t->socket, '');
        syswrite $s, "POST $MODELS HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
        1 while $reply !~ /\}\}$/ && IO::Select->new($s)->can_read(10) && sysread $s, $reply, 4096, length $reply;
        error_is(Thaw::parse($reply), 413, 'PAYLOAD_TOO_LARGE', 'one that is only announced');
        error_is(path("$MODELS?x=" . 'x' x 9000), 414, 'VALIDATION_ERROR', 'an address of 9 kB');
        error_is(path($MODELS, headers => [ 'X-Long' => 'x' x 9000 ]), 431, 'VALIDATION_ERROR', 'a header of 9 kB');
        error_is(path($MODELS, headers => [ map { ("X-Long-$_" => 'x' x 7000) } 1 .. 6 ]), 431, 'VALIDATION_ERROR', 'headers of 42 kB');
        my $r = fastcgi($t, [ REQUEST_METHOD => 'POST', REQUEST_URI => $MODELS, CONTENT_TYPE => 'application/json', CONTENT_LENGTH => 1048577, HTTP_AUTHORIZATION => "Bearer $token" ], $sized->(1048577));
        error_is($r, 413, 'PAYLOAD_TOO_LARGE', 'the program by itself');
        problem_is($t->req(POST => '/x', body => 'x' x 1048577), 413, 'of no dialect');
        problem_is($t->req(GET => '/' . 'x' x 9000), 414, 'of no dialect');
    });
    my $r = post($sized->(1048576));
    is($r->{status}, 201, 'a body of exactly a MiB is taken') or diag substr $r->{raw}, 0, 1000;
    is(json($r->{json}{metadata}), '{"k":"v"}', 'whole');
    my %many = map { (sprintf('%x', $_) => 1) } 1 .. 7000;
    is(post({ name => 'many', model_type => 'auto', task_type => 'clustering', metadata => \%many })->{status}, 201, 'and one of 7000 members');
};

subtest 'what is no HTTP' => sub {
    unchanged($t, 'no HTTP', sub {
        for my $case ([ "garbage\r\n\r\n", 400 ], [ "GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505 ], [ "GET / HTTP/1.1\r\n\r\n", 400 ], [ "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400 ], [ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400 ]) {
            problem_is(Thaw::parse($t->raw($case->[0])), $case->[1], 'of no dialect: ' . ($case->[0] =~ s/\r\n.*//sr =~ s/[^ -~]/?/gr));
        }
        error_is(Thaw::parse($t->raw("GET $MODELS HTTP/1.1\r\n\r\n")), 400, 'VALIDATION_ERROR', 'no Host, in the dialect');
        error_is(Thaw::parse($t->raw("GET $MODELS HTTP/3.0\r\nHost: x\r\n\r\n")), 505, 'VALIDATION_ERROR', 'HTTP/3.0, in the dialect');
        error_is(raw("POST $MODELS HTTP/1.1", "Content-Length: -1\r\n"), 400, 'VALIDATION_ERROR', 'a negative length');
        error_is(raw("POST $MODELS HTTP/1.1", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"), 400, 'VALIDATION_ERROR', 'a broken chunk');
        error_is(raw("POST $MODELS HTTP/1.1", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, 'VALIDATION_ERROR', 'a length and chunks');
    });
    my $body = json({ name => 'chunked', model_type => 'auto', task_type => 'clustering' });
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack('(a7)*', $body), '';
    is(raw("POST $MODELS HTTP/1.1", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "$chunks\r\n")->{status}, 201, 'a body in chunks is a body');
};

subtest 'a body shorter than its Content-Length' => sub {
    my $body = json({ name => 'short', model_type => 'auto', task_type => 'clustering' });
    unchanged($t, 'short bodies', sub {
        my $s = $t->socket;
        syswrite $s, "POST $MODELS HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nContent-Length: " . (1 + length $body) . "\r\n\r\n$body";
        shutdown $s, 1;
        my $reply = '';
        1 while IO::Select->new($s)->can_read(15) && sysread $s, $reply, 4096, length $reply;
        like($reply, qr/^(?:$|HTTP\S+ 400)/, 'the client that gives up gets 400 or nothing');
        my @env = (REQUEST_METHOD => 'POST', REQUEST_URI => $MODELS, CONTENT_TYPE => 'application/json', HTTP_AUTHORIZATION => "Bearer $token");
        error_is(fastcgi($t, [ @env, CONTENT_LENGTH => 1 + length $body ], $body), 400, 'VALIDATION_ERROR', 'the program by itself', 'body');
        error_is(fastcgi($t, [ @env, CONTENT_LENGTH => 5 ], ''), 400, 'VALIDATION_ERROR', 'no body where one is announced', 'body');
        error_is(fastcgi($t, [ @env, CONTENT_LENGTH => $_ ], $body), 400, 'VALIDATION_ERROR', "Content-Length $_") for 'x', '-1', '1e3', '99999999999999999999999';
        error_is(fastcgi($t, [ REQUEST_METHOD => 'POST', REQUEST_URI => "$MODELS/$archived/unarchive", HTTP_AUTHORIZATION => "Bearer $token", CONTENT_LENGTH => 10 ], '{'), 400, 'VALIDATION_ERROR', 'also where a body is ignored');
        error_is(fastcgi($t, [ @env, HTTP_AUTHORIZATION => "Bearer $token", CONTENT_LENGTH => length $body ], $body), 400, 'VALIDATION_ERROR', 'two Authorization headers');
    });
};

subtest 'what a web server would not send' => sub {
    unchanged($t, 'all of it', sub {
        like(fastcgi($t, $_->[1])->{status}, qr/^4\d\d$/, $_->[0]) for [ 'no address' => [] ], [ 'an empty one' => [ REQUEST_URI => '' ] ], [ 'an asterisk' => [ REQUEST_URI => '*', REQUEST_METHOD => 'OPTIONS' ] ],
            [ 'no path' => [ REQUEST_URI => 'models' ] ], [ 'a raw NUL' => [ REQUEST_URI => "$MODELS/\0x" ] ], [ 'raw bytes' => [ REQUEST_URI => "$MODELS/\xff\xfe" ] ],
            [ 'no method' => [ REQUEST_URI => $MODELS, REQUEST_METHOD => '' ] ], [ 'a long method' => [ REQUEST_URI => $MODELS, REQUEST_METHOD => 'X' x 5000 ] ],
            [ 'a line end in the method' => [ REQUEST_URI => $MODELS, REQUEST_METHOD => "GET\r\nX: y" ] ], [ '1000 segments' => [ REQUEST_URI => "$MODELS" . '/x' x 1000 ] ];
        my $r = fastcgi($t, [ REQUEST_URI => '/healthz', REQUEST_ID => "a\r\nX-Evil: 1", HTTP_USER_AGENT => "\xff\x00" ]);
        is($r->{status} . ($r->{headers}{'x-evil'} // ''), 200, 'a request id with a line end is not returned');
        like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{24}$/, 'one is made instead');
    });
};

subtest 'text that few columns can hold, in every place that takes text' => sub {
    # given each route, as it describes itself, asked with one such text after the other
    my $doc = described($t);
    my @texts = ("\xc3\xa9", "\xf0\x9f\x98\x80", "x\xc2\x85y", "\xe2\x80\xae");
    my $encoded = sub { join '', map { sprintf '%%%02X', ord } split //, $_[0] };
    my (%got, @bad);
    my $asked = sub {
        my ($name, $method, $path, @o) = @_;
        my $r = $t->req($method => $path, token => $token, @o);
        $got{ $r->{status} }++;
        push @bad, "$name: $r->{status} " . substr $r->{body}, 0, 200 if $r->{status} >= 500;
    };
    for my $path (sort keys %{ $doc->{paths} }) {
        for my $method (sort keys %{ $doc->{paths}{$path} }) {
            my $o = $doc->{paths}{$path}{$method};
            my @query = map { $_->{name} } grep { $_->{in} eq 'query' && ($_->{schema}{type} // '') =~ /string/ } @{ $o->{parameters} // [] };
            my @body = sort keys %{ $o->{requestBody}{content}{'application/json'}{schema}{properties} // {} };
            for my $text (@texts) {
                my $there = $path =~ s/\{\w+\}/$encoded->($text)/gre;
                my @send = @body ? (body => { map { $_ => JSON::PP::decode_json("[\"$text\"]")->[0] } @body }) : ();
                # all ids at once, then each parameter by itself with ids that could be
                $asked->("$method $path", uc $method, $there, $method eq 'get' ? () : @send) if $there ne $path || $method ne 'get';
                $asked->("$method $path?$_", GET => ($path =~ s/\{\w+\}/x/gr) . "?$_=" . $encoded->($text)) for $method eq 'get' ? @query : ();
            }
        }
    }
    is(join("\n", @bad), '', 'none answers with a fault of ours');
    note join ', ', map { "$_ x $got{$_}" } sort keys %got;
    cmp_ok($got{400} // 0, '>', 50, 'most are refused for what they are');
    is($t->req(GET => '/v1/events?type=%C3%A9', token => $token)->{json}{data}[0], undef, 'an event of no such type: an empty list');
    is($t->req(GET => '/v1/requests/%C3%A9', token => $token)->{status}, 404, 'a request of no such id: not found');
};

is(join(' ', $t->worker_pids), "@workers", 'no worker died of it');
is(scalar(grep { $_->{status} >= 500 } log_lines($t, 'access')), 0, 'no answer was a 500');
is(get($t, $archived)->{json}{status}, 'archived', 'the model is what it was');
$t->finish;
