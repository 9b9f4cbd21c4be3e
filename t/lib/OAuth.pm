# OAuth.pm: an application that acts for users, for the tests of OAuth: its requests
# with a form, a consent, a verifier with its challenge, and how its errors look.
package OAuth;
use strict;
use warnings;
use Digest::SHA 'sha256';
use Exporter 'import';
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More ();

our @EXPORT = qw($OAUTH $VERIFIER form escaped basic challenge client token revoke consent code session reads writes oauth_is location claims);

our $OAUTH = '/multipass/api/oauth2';
our $VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';         # of RFC 7636, appendix B

sub escaped { my $s = shift; utf8::encode($s) if utf8::is_utf8($s); $s =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/gre }
# Pairs as a form or a query; what is undef is left out.
sub form {
    my (@pairs, @out) = @_;
    while (my ($n, $v) = splice @pairs, 0, 2) { push @out, escaped($n) . '=' . escaped($v) if defined $v }
    return join '&', @out;
}
sub basic { [ Authorization => 'Basic ' . encode_base64(join(':', map { escaped($_) } @_), '') ] }
sub challenge { encode_base64url(sha256($_[0] // $VERIFIER)) }

# A client made by the command: {id, secret, ...}.
sub client {
    my ($t, %o) = @_;
    my $public = delete $o{public};
    $o{org} //= 'Main';
    $o{name} //= 'Lens';
    my @args = map { ('--' . tr/_/-/r, $o{$_}) } sort grep { defined $o{$_} } keys %o;
    my $r = $t->thaw('--json', 'client', 'create', @args, $public ? '--public' : ());
    $r->{exit} and die "client create: $r->{err}";
    return $r->{json};
}

sub post { my ($t, $path, $form, %o) = @_; $t->req(POST => "$OAUTH/$path", body => ref $form ? form(@$form) : $form, type => 'application/x-www-form-urlencoded', %o) }
# POST /token with the client's id and secret in the form (unless an Authorization is given).
sub as { my ($c, %o) = @_; $o{headers} ? () : (client_id => $c->{id}, client_secret => $c->{secret}) }
sub token { my ($t, $c, $pairs, %o) = @_; post($t, 'token', [ @$pairs, as($c, %o) ], %o) }
sub revoke { my ($t, $c, $token, %o) = @_; post($t, 'revoke_token', [ token => $token, as($c, %o) ], %o) }

# What a user says to an application, as the console sends it.
sub consent {
    my ($t, $token, $c, %o) = @_;
    my %body = (client_id => $c->{id}, redirect_uri => $c->{redirect_uris}[0], scope => $c->{scopes}, state => 'st', code_challenge => challenge(),
        approve => JSON::PP::true, %o);
    my $headers = delete $body{headers};
    delete @body{ grep { !defined $body{$_} } keys %body };
    return $t->req(POST => '/console/authorize', token => $token, body => \%body, $headers ? (headers => $headers) : ());
}
# The query of an address, decoded.
sub location { my ($q) = $_[0] =~ /\?([^#]*)/; return { map { my ($n, $v) = map { tr/+/ /r =~ s/%(..)/chr hex $1/gre } split /=/, $_, 2; ($n => $v) } split /&/, $q // '' } }
sub code { my $r = consent(@_); location($r->{json}{location} // die $r->{raw})->{code} // die $r->{raw} }

# A session of a user's: the answer to its code.
sub session {
    my ($t, $token, $c, %o) = @_;
    my $r = token($t, $c, [ grant_type => 'authorization_code', code => code($t, $token, $c, %o), redirect_uri => $o{redirect_uri} // $c->{redirect_uris}[0], code_verifier => $VERIFIER ]);
    $r->{status} == 200 or die $r->{raw};
    return $r->{json};
}
sub claims { my (undef, $p) = split /\./, $_[0]; JSON::PP->new->decode(MIME::Base64::decode_base64url($p)) }

my $n = 0;
sub reads { my ($t, $token) = @_; $t->req(GET => '/api/v1/models', token => $token)->{status} }
sub writes { my ($t, $token) = @_; $t->req(POST => '/api/v1/models', token => $token, body => { name => "by an application $$ " . ++$n, model_type => 'auto', task_type => 'regression' })->{status} }

# An error of RFC 6749, whole; description: a pattern.
sub oauth_is {
    my ($r, $status, $error, $description, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($j, $h) = (ref $r->{json} eq 'HASH' ? $r->{json} : {}, $r->{headers});
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($h->{'content-type'} // 'none') if ($h->{'content-type'} // '') ne 'application/json';
    push @bad, 'members ' . join ' ', sort keys %$j if join(' ', sort keys %$j) ne 'error error_description';
    push @bad, 'error ' . ($j->{error} // 'none') if ($j->{error} // '') ne $error;
    push @bad, 'description ' . ($j->{error_description} // 'none') if ($j->{error_description} // '') !~ $description;
    push @bad, 'a description with other characters' if ($j->{error_description} // '') =~ /[^\x20-\x21\x23-\x5b\x5d-\x7e]/;
    push @bad, 'cacheable' unless ($h->{'cache-control'} // '') =~ /no-store/;
    push @bad, 'WWW-Authenticate ' . ($h->{'www-authenticate'} // 'none') if ($h->{'www-authenticate'} // '') ne ($status == 401 ? 'Basic realm="thaw"' : '');
    push @bad, 'no X-Request-Id' unless length($h->{'x-request-id'} // '');
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr($r->{raw} // $r->{body}, 0, 2000));
}

1;
