#!/usr/bin/perl
# Invitations and links to set a password: they work once, for a while, until something else
# sets the password; only a hash is stored, guesses are counted, and other sessions end.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA 'sha256_hex';
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new(clock => 1, limits => 1, config => { login_rate => 6, rate_limits => 'on' });

# A request as a page of this site, or of another one, sends it.
sub page {
    my ($path, $body, $from) = @_;
    my $json = JSON::PP->new->utf8->encode($body);
    return Thaw::parse($t->raw("POST $path HTTP/1.1\r\nHost: 127.0.0.1:$t->{port}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
        . length($json) . "\r\nOrigin: " . ($from // "http://127.0.0.1:$t->{port}") . "\r\n\r\n$json"));
}
sub set { my ($link, $password, $from) = @_; page('/console/password', { link => $link, password => $password }, $from) }
sub login { page('/console/session', { email => "$_[0]\@main.example", password => $_[1] })->{status} }
sub link_of { my $r = $t->thaw('--json', @_); is($r->{exit}, 0, "thaw @_") or diag $r->{err}; my ($link) = ($r->{json}{link} // '') =~ /[?&]link=(pwl_[0-9A-Za-z]+)/; ok($link, 'a link'); return wantarray ? ($link, $r->{json}) : $link }

subtest 'an invitation' => sub {
    my ($link, $j) = link_of('user', 'invite', '--username', 'ida', '--email', 'ida@main.example', '--role', 'reader', '--url', 'https://thaw.example.org/');
    like($j->{link}, qr{\Ahttps://thaw\.example\.org/#/password\?link=pwl_\w+&user=ida\z}, 'its code stands behind the #, which is in no log');
    my ($row) = $t->sql("SELECT COUNT(*) FROM oauth_codes WHERE code_hash = UNHEX('" . sha256_hex($link) . "')");
    is($row->[0], 1, 'the database has a hash of it');
    is(scalar $t->sql("SELECT COUNT(*) FROM oauth_codes WHERE LOCATE('pwl_', CONCAT(redirect_uri, scopes, challenge))"), 0, 'and no more');
    is(set($link, 'short')->{status}, 400, 'a password that is too short');
    is(set($link, 'x' x 300)->{status}, 400, 'or too long');
    is(set($link, 'a good password', 'https://evil.example')->{status}, 403, 'a page of another site may not');
    is(set($link, 'a good password')->{status}, 204, 'sets it');
    is(login('ida', 'a good password'), 200, 'it signs in');
    is(set($link, 'another password')->{status}, 404, 'a second time it does not work');
    is(login('ida', 'another password'), 401, 'and changes nothing');
    my @audit = map { "$_->{action} by $_->{actor}" =~ s/thaw: \S+/thaw/r } @{ $t->thaw('--json', 'audit', 'list', '--action', 'user.*')->{json} };
    is(join(', ', @audit[ 0 .. 2 ]), 'user.password_changed by ida, user.password_link_created by thaw, user.created by thaw', 'the audit has each');
};

subtest 'a forgotten password' => sub {
    $t->next_minute;
    my $session = page('/console/session', { email => 'ida@main.example', password => 'a good password' })->{json};
    my $first = link_of('user', 'link', 'ida');
    my $link = link_of('user', 'link', 'ida');
    is(set($first, 'a new password')->{status}, 404, 'the next link voids the former');
    is($t->req(GET => '/api/v1/models', token => $session->{access_token})->{status}, 200, 'until it is used sessions go on');
    is(set($link, 'a new password')->{status}, 204, 'used');
    is($t->req(GET => '/api/v1/models', token => $session->{access_token})->{status}, 401, 'they end');
    is(login('ida', 'a good password') . login('ida', 'a new password'), '401200', 'the new password counts');
};

subtest 'what voids it' => sub {
    $t->next_minute;
    my $link = link_of('user', 'link', 'ida');
    $t->thaw({ stdin => "by the command\n" }, 'user', 'password', 'ida', '--password-stdin');
    is(set($link, 'by the link')->{status}, 404, 'another change of the password');
    $link = link_of('user', 'link', 'ida');
    my $session = page('/console/session', { email => 'ida@main.example', password => 'by the command' })->{json};
    is($t->thaw('user', 'email', 'ida', 'ida@elsewhere.example')->{exit}, 0, 'that it went to a wrong address');
    my $void = set($link, 'by the link');
    is($void->{status}, 404, 'which is corrected');
    like($void->{body}, qr/used, it has expired, there is a newer one, or the user's password, name or email address has changed since/, 'and told');
    is($t->req(GET => '/api/v1/models', token => $session->{access_token})->{status}, 401, 'as the sessions end');
    $t->thaw('user', 'email', 'ida', 'ida@main.example');
    $link = link_of('user', 'link', 'ida', '--ttl', '60');
    $t->clock(61, 61);
    $t->next_minute;
    is(set($link, 'by the link')->{status}, 404, 'its time');
    $t->clock(0, 0);
    $link = link_of('user', 'link', 'ida');
    $t->thaw('user', 'disable', 'ida');
    is(set($link, 'by the link')->{status}, 404, 'that the user is disabled');
    is($t->thaw('user', 'link', 'ida')->{exit}, 1, 'who gets none');
    $t->thaw('user', 'enable', 'ida');
    $link = link_of('user', 'link', 'ida');
    $t->thaw('org', 'disable', 'Main');
    my $r = set($link, 'by the link');
    is($r->{status}, 401, 'that the organization is');
    like($r->{body}, qr/organization is disabled/, 'which is told');
    $t->thaw('org', 'enable', 'Main');
    is(set($link, 'by the link')->{status}, 204, 'but only as long as it is');
};

subtest 'guesses' => sub {
    $t->next_minute;
    my $link = link_of('user', 'link', 'ida');
    my @got = map { set(substr($link, 0, -2) . sprintf('%02d', $_), 'a guess of it')->{status} } 1 .. 8;
    is(join(' ', @got), '404 404 404 404 404 404 429 429', 'are counted for the address, as sign-ins are');
    is(set($link, 'the right one')->{status}, 429, 'whatever comes then');
    $t->next_minute;
    is(set($link, 'the right one')->{status}, 204, 'until a minute later');
    my $two = link_of('user', 'link', 'ida');
    my @both = concurrently(4, sub { set($two, "password number $_[0]")->{status} });
    is(scalar(grep { $_ == 204 } @both), 1, 'of many at once one sets it') or diag "@both";
    is($t->thaw('audit', 'verify')->{exit}, 0, 'and the audit agrees');
};

subtest 'described as it is' => sub {
    my $password = $t->req(GET => '/openapi.json?api=console')->{json}{components}{schemas}{ConsoleNewPassword}{properties}{password};
    is("$password->{minLength} to $password->{maxLength}, $password->{description}", '8 to 256, at most 256 bytes', 'how long a password may be');
};

$t->finish(more => 1);

# What a person sees, on a server whose clock is the browser's.
my $b = Thaw->new;
$b->user('nora', role => 'reader');
my $made = $b->thaw('--json', 'user', 'link', 'nora')->{json};
Thaw::Browser::run($b, 'password', link => $made->{link}, who => 'nora', email => 'nora@main.example', former => $b->password('nora'), next => 'a wholly new one');
$b->finish;
