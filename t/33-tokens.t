#!/usr/bin/perl
# Access tokens that somebody else made: one verifier, which believes nothing that a
# token says of itself. The tokens here are made with openssl, not with the server's
# own code.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP 'decode_json';
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;
use Time::HiRes ();
use Thaw;
use Contract;

my $t = Thaw->new;
my %key = map { $_ => signing_key($t, $_) } qw(ES256 RS256 HS256);
my $model = model($t);
my $now = time;
my %me = (sub => $model->{created_by}, org => $model->{organization_id});
my $rsa_public = "$t->{dir}/rsa-public.pem";
system("openssl pkey -in '$key{RS256}{file}' -pubout -out '$rsa_public'") == 0 or die 'openssl';
my %foreign = map { my ($alg, @how) = @$_; my $f = "$t->{dir}/foreign.$alg"; system("openssl genpkey @how -out '$f' 2>/dev/null") == 0 or die; $alg => { %{ $key{$alg} }, file => $f } }
    [ ES256 => '-algorithm EC -pkeyopt ec_paramgen_curve:P-256' ], [ RS256 => '-algorithm RSA -pkeyopt rsa_keygen_bits:2048' ];

sub token { my ($alg, %o) = @_; mint($key{$alg}, %o, claims => { %me, %{ $o{claims} // {} } }) }
sub with { my ($name, $value) = @_; token('ES256', claims => { $name => $value }) }
sub header { my ($name, $value) = @_; token('ES256', header => { $name => $value }) }
sub try_it { $t->req(GET => "$MODELS/$model->{id}", token => $_[0]) }

# keys are looked at once a second at most
within(5, sub { try_it(token('HS256'))->{status} == 200 }, 'the new keys');

subtest 'accepted' => sub {
    is(try_it($_->[1])->{status}, 200, $_->[0]) for
        [ 'ES256' => token('ES256') ], [ 'RS256' => token('RS256') ], [ 'HS256' => token('HS256') ],
        [ 'typ at+jwt (RFC 9068)' => header(typ => 'at+jwt') ], [ 'typ application/at+jwt' => header(typ => 'application/at+jwt') ],
        [ 'aud as an array that names us' => with(aud => [ 'someone', 'thaw-test' ]) ], [ 'nbf that has passed' => with(nbf => $now - 1) ],
        [ 'expired within the leeway' => with(exp => $now - 5) ], [ 'nbf within the leeway' => with(nbf => $now + 5) ],
        [ 'claims it does not know' => with(email => 'a@b') ], [ 'an empty jti' => with(jti => '') ];
    is(try_it($t->token('admin'))->{status}, 200, 'of thaw token');
};

subtest 'refused' => sub {
    my $good = token('ES256');
    my ($h, $p, $s) = split /\./, $good;
    my $other = token('ES256', claims => { iat => $now - 1 });
    my @bad = (
        # what the token says of its algorithm
        [ 'alg none, without a signature' => token('ES256', header => { alg => 'none' }, sign_as => 'none') ],
        [ 'alg none, in other letters' => token('ES256', header => { alg => 'nOnE' }, sign_as => 'none') ],
        [ 'alg none, without kid' => token('ES256', header => { alg => 'none', kid => undef }, sign_as => 'none') ],
        [ 'no signature' => token('ES256', sign_as => 'none') ],
        [ 'HS256 over the RSA public key' => token('RS256', header => { alg => 'HS256' }, sign_as => 'HS256', secret => slurp($rsa_public)) ],
        [ 'HS256 over the RSA public key, saying RS256' => token('RS256', sign_as => 'HS256', secret => slurp($rsa_public)) ],
        [ 'HS256 over the private key file' => token('ES256', header => { alg => 'HS256' }, sign_as => 'HS256', secret => slurp($key{ES256}{file})) ],
        [ 'HS256 with an empty secret' => token('HS256', secret => '') ],
        [ 'HS256 with the hex text as secret' => token('HS256', secret => slurp($key{HS256}{file}) =~ s/\s+//gr) ],
        [ 'alg of another key' => header(alg => 'RS256') ], [ 'alg es256' => header(alg => 'es256') ], [ 'alg ES384' => header(alg => 'ES384') ],
        [ 'no alg' => header(alg => undef) ], [ 'alg null' => token('ES256', header_text => qq({"typ":"JWT","alg":null,"kid":"$key{ES256}{kid}"})) ],
        [ 'alg as a number' => header(alg => 5) ], [ 'alg as a list' => header(alg => [ 'ES256' ]) ],
        # keys
        [ 'unknown kid' => header(kid => '0123456789abcdef') ], [ 'no kid' => header(kid => undef) ], [ 'an empty kid' => header(kid => '') ],
        [ 'kid with a path' => header(kid => "../keys/$key{ES256}{kid}") ], [ 'kid /dev/null' => header(kid => '/dev/null') ],
        [ 'kid with the suffix' => header(kid => "$key{ES256}{kid}.ES256.pem") ], [ 'kid with SQL' => header(kid => "x' UNION SELECT 'x") ],
        [ 'kid with a NUL' => token('ES256', header_text => qq({"typ":"JWT","alg":"ES256","kid":"$key{ES256}{kid}\\u0000"})) ],
        [ 'kid of another case' => header(kid => uc "$key{ES256}{kid}x") ], [ 'kid as a number' => header(kid => 5) ],
        [ "kid of another's key" => header(kid => $key{RS256}{kid}) ],
        [ 'somebody else\'s ES256 key' => mint($foreign{ES256}, claims => \%me) ], [ 'somebody else\'s RS256 key' => mint($foreign{RS256}, claims => \%me) ],
        [ 'a key inside the token (jwk)' => mint($foreign{ES256}, claims => \%me, header => { jwk => { kty => 'EC' } }) ],
        [ 'a key to be fetched (jku)' => mint($foreign{RS256}, claims => \%me, header => { jku => "$t->{url}/keys" }) ],
        # header
        [ 'typ of something else' => header(typ => 'JOSE') ], [ 'no typ' => header(typ => undef) ], [ 'typ id_token' => header(typ => 'id_token+jwt') ],
        [ 'crit that names nothing known' => header(crit => [ 'exp' ]) ], [ 'crit, empty' => header(crit => []) ],
        [ 'two alg in the header' => token('ES256', header_text => qq({"typ":"JWT","alg":"none","alg":"ES256","kid":"$key{ES256}{kid}"})) ],
        [ 'header is an array' => token('ES256', header_text => '[]') ], [ 'header is no JSON' => token('ES256', header_text => 'x') ],
        [ 'header with something after it' => token('ES256', header_text => qq({"typ":"JWT","alg":"ES256","kid":"$key{ES256}{kid}"}x)) ],
        # time
        [ 'expired' => with(exp => $now - 3600), 'AUTH_EXPIRED' ], [ 'expired just beyond the leeway' => with(exp => $now - 40), 'AUTH_EXPIRED' ],
        [ 'no exp' => with(exp => undef) ], [ 'exp as a string' => with(exp => '4102444800') ], [ 'exp as a decimal' => token('ES256', claims_text => claims_with('"exp":4102444800.5')) ],
        [ 'exp null' => token('ES256', claims_text => claims_with('"exp":null')) ], [ 'exp negative' => with(exp => -1) ],
        [ 'exp beyond 64 bits' => token('ES256', claims_text => claims_with('"exp":18446744073709551616')) ],
        [ 'exp at the end of 64 bits' => token('ES256', claims_text => claims_with('"exp":9223372036854775807')) ],
        [ 'not yet valid' => with(nbf => $now + 3600) ], [ 'nbf as a string' => with(nbf => '1') ], [ 'issued in the future' => with(iat => $now + 3600) ],
        [ 'no iat' => with(iat => undef) ], [ 'iat as a string' => with(iat => '1') ],
        # for whom, by whom, of whom
        [ 'another issuer' => with(iss => 'thaw') ], [ 'no issuer' => with(iss => undef) ], [ 'issuer as a list' => with(iss => [ 'thaw-test' ]) ],
        [ 'another audience' => with(aud => 'thaw-test2') ], [ 'no audience' => with(aud => undef) ], [ 'audiences without us' => with(aud => [ 'a', 'b' ]) ],
        [ 'an empty list of audiences' => with(aud => []) ], [ 'us in a list in the list' => with(aud => [ [ 'thaw-test' ] ]) ], [ 'audience as an object' => with(aud => { 'thaw-test' => 1 }) ],
        [ 'nobody' => with(sub => undef) ], [ 'an unknown user' => with(sub => 'usr-65f0c0ffee5eed0123456789') ], [ 'a user in no spelling' => with(sub => 'admin') ],
        [ 'no organization' => with(org => undef) ], [ 'an unknown organization' => with(org => 'org-65f0c0ffee5eed0123456789') ],
        [ "another organization's" => with(org => do { my $o = model($t, token => $t->other); $o->{organization_id} }) ],
        [ 'two sub' => token('ES256', claims_text => claims_with(qq("sub":"usr-65f0c0ffee5eed0123456789"))) ],
        [ 'two exp' => token('ES256', claims_text => claims_with('"exp":4102444800,"exp":4102444801')) ],
        [ 'an application without an id' => with(client_id => in_base62('cl_', '0' x 24), sid => '65f0c0ffee5eed0123456789', scope => 'model:read') ],
        [ 'an application without a session' => with(client_id => in_base62('cl_', $NOWHERE), scope => 'model:read') ],
        [ 'a session in no spelling' => with(sid => 'x') ], [ 'a session as a number' => with(sid => 5) ],
        [ 'of before all tokens ended' => with(gen => 7) ], [ 'its number as a string' => with(gen => '0') ], [ 'its number negative' => with(gen => -1) ],
        [ 'scope as a list' => with(scope => [ 'model:read' ]) ], [ 'a negative rate' => with(rate => -1) ], [ 'rate as a string' => with(rate => '100') ],
        [ 'claims are an array' => token('ES256', claims_text => '[]') ], [ 'claims are empty' => token('ES256', claims_text => '{}') ],
        [ 'claims are nested too deep' => token('ES256', claims_text => '{"a":' x 200 . '1' . '}' x 200) ],
        # form
        [ 'a changed claim' => "$h." . encode_base64url(decode_base64url($p) =~ s/admin/other/r . ' ') . ".$s" ], [ "another token's signature" => "$h.$p." . (split /\./, $other)[2] ],
        [ 'a short signature' => token('ES256', signature => 'x' x 63) ], [ 'a long signature' => token('ES256', signature => 'x' x 65) ],
        [ 'a signature of zeros' => token('ES256', signature => "\0" x 64) ], [ 'a signature of ones' => token('ES256', signature => "\xff" x 64) ],
        [ 'a signature in DER' => token('ES256', signature => "\x30\x06\x02\x01\x01\x02\x01\x01") ], [ 'an RSA signature of 600 bytes' => token('RS256', signature => 'x' x 600) ],
        [ 'an RSA signature of zeros' => token('RS256', signature => "\0" x 256) ], [ 'a short HMAC' => token('HS256', signature => 'x' x 31) ], [ 'one byte of HMAC' => token('HS256', signature => 'x') ],
        (map { my $alg = $_; my ($ah, $ap, $as) = split /\./, token($alg); map { [ "a right signature of $alg and $_->[0]" => "$ah.$ap." . encode_base64url($_->[1]->(decode_base64url($as))) ] }
            [ 'a byte more' => sub { "$_[0]\0" } ], [ 'one before it' => sub { "\0$_[0]" } ], [ 'one less' => sub { substr $_[0], 0, -1 } ], [ 'twice' => sub { $_[0] x 2 } ] } qw(ES256 RS256 HS256)),
        [ 'two segments' => "$h.$p" ], [ 'three, the last empty' => "$h.$p." ], [ 'four segments' => "$good.$s" ], [ 'five, as a JWE has' => "$h.$p.$s.$p.$s" ],
        [ 'one segment' => $h ], [ 'dots' => '..' ], [ 'padding' => "$good=" ], [ 'the other base64 alphabet' => $good =~ tr{-_}{+/}r . '+' ], [ 'a blank inside' => "$h.$p $s" ],
        [ 'two tokens' => "$good $good" ], [ 'two tokens with a comma' => "$good,$good" ], [ 'a token of 5 kB' => with(x => 'x' x 3600) ],
    );
    unchanged($t, 'all of them', sub { error_is(try_it($_->[1]), 401, $_->[2] // 'AUTH_INVALID', "refused: $_->[0]") for @bad });
    is(try_it($good)->{status}, 200, 'the token they were made from is right') or diag explain decode_json(decode_base64url($p));
    cmp_ok(scalar(log_lines($t, 'security')), '>=', scalar @bad, 'each is in the security log');
};

# Each worker remembers what it has verified: a token that was right a moment ago vouches for itself alone.
subtest 'a token that was right a moment ago' => sub {
    for my $alg (qw(ES256 RS256 HS256)) {
        my $good = token($alg);
        my ($h, $p, $s) = split /\./, $good;
        my ($other) = grep { $_ ne $s } map { (split /\./, token($alg, claims => { iat => $now - $_ }))[2] } 1, 2;
        is(join(' ', map { try_it($good)->{status} } 1 .. 6), '200 200 200 200 200 200', "$alg: given that every worker has seen it");
        error_is(try_it($_->[1]), 401, 'AUTH_INVALID', "$alg: $_->[0]") for [ "another token's signature" => "$h.$p.$other" ],
            [ 'no signature' => "$h.$p." ], [ 'a changed one' => "$h.$p." . ($s =~ /^A/ ? 'B' : 'A') . substr $s, 1 ],
            [ 'and something more' => "${good}A" ], [ 'less' => substr $good, 0, -1 ];
        is(try_it($good)->{status}, 200, "$alg: it is right still");
    }
};

# Our claims as text, with more members at the end.
sub claims_with {
    my $more = shift;
    my %c = (iss => 'thaw-test', aud => 'thaw-test', iat => $now, exp => $now + 600, %me);
    delete $c{exp} if $more =~ /"exp"/;
    return json(\%c) =~ s/\}$/,$more}/r;
}

subtest 'a bearer of 9 kB' => sub {
    my @pids = $t->worker_pids;
    error_is(try_it('x' x 9000), 431, 'VALIDATION_ERROR', 'is refused before the program sees it');
    is(try_it('x' x 7000)->{status}, 401, 'one of 7 kB by the program');
    is(join(' ', $t->worker_pids), "@pids", 'by the same workers');
};

subtest 'a disabled user' => sub {
    my $id = $t->user('dora');
    my $token = mint($key{RS256}, claims => { %me, sub => $id });
    is(try_it($token)->{status}, 200, 'given a valid token');
    $t->thaw('user', 'disable', 'dora');
    error_is(try_it($token), 401, 'AUTH_INVALID', 'whose user is disabled: refused');
};

subtest 'rotation' => sub {
    my $old = $t->token('admin');
    my $kid = sub { decode_json(decode_base64url((split /\./, $_[0])[0]))->{kid} };
    is($t->thaw('signing-key', 'rotate', '--alg', 'RS256')->{exit}, 0, 'given a new key');
    my $new = $t->token('admin');
    isnt($kid->($new), $kid->($old), 'new tokens are signed with it');
    within(5, sub { try_it($new)->{status} == 200 }, 'the new key');
    is(try_it($old)->{status}, 200, 'tokens of the old key are still accepted');
    my $login = sub { $t->req(POST => '/api/auth/login', body => { username => 'admin', password => $t->password('admin') })->{json}{access_token} };
    is($kid->($login->()), $kid->($new), 'a login signs with the new one');
    unlink glob "$t->{dir}/keys/" . $kid->($old) . '.*' or die 'no file';
    # each worker looks for itself, once a second
    my $gone = Time::HiRes::time;
    within(5, sub { Time::HiRes::time > $gone + 1 && try_it($old)->{status} == 401 }, 'the old key to be gone');
    error_is(try_it($old), 401, 'AUTH_INVALID', 'the file of the old key removed: its tokens are refused');
    is(try_it($new)->{status}, 200, 'the others stay');
};

# What is remembered of a token is what was signed; the time is the clock's.
subtest 'a clock that is set' => sub {
    my $c = Thaw->new(workers => 1, clock => 1, database => "$t->{dir}/db.sock", like => $t);
    my $at = sub { $c->clock($_[0], 0); $c->req(GET => "$MODELS/$model->{id}", token => $_[1]) };
    my $token = mint(signing_key($c, 'ES256'), claims => { %me, iat => $now, exp => $now + 3600, nbf => $now });
    my $is = sub { my ($ahead, $code, $name) = @_; my $r = $at->($ahead, $token); is($r->{json}{error}{code} // $r->{status}, $code, $name) or diag $r->{raw} };
    $is->(0, 200, 'given a token of an hour');
    $is->(0, 200, 'again');
    $is->(3500, 200, 'a little before its end');
    $is->(3700, 'AUTH_EXPIRED', 'after it');
    $is->(3500, 200, 'the clock goes back: before its end');
    $is->(-3600, 'AUTH_INVALID', 'before it was issued');
    $is->(86400, 'AUTH_EXPIRED', 'a day later');
    $is->(0, 200, 'and now');
    $c->finish;
};

$t->finish;
