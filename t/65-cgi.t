#!/usr/bin/perl
# The same thaw.fcgi as a plain CGI script, one process a request, as shared
# hosting has it: through fcgiwrap under nginx and through Apache's mod_cgi,
# with the example configurations that are installed.
use strict;
use warnings;
use File::Copy 'copy';
use FindBin;
use IO::Socket::INET;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Foundry;

my $t = Thaw->new(workers => 0);
my $dir = $t->{dir};
my $token = $t->admin;
$t->$_ for qw(reader other);

# The main job and the main errors, under a base path; $req talks to the server.
sub exercise {
    my ($req, $base) = @_;
    my $new = { name => "made under $base/", model_type => 'custom', task_type => 'regression' };
    my $r = $req->(POST => "$base/api/v1/models", token => $token, body => $new);
    is($r->{status}, 201, 'create') or diag $r->{raw};
    my $id = $r->{json}{id} // '';
    my $path = "$base/api/v1/models/$id";
    is($req->(POST => "$path/archive", token => $token)->{json}{status}, 'archived', 'archive');
    $r = $req->(POST => "$path/unarchive", token => $token);
    is($r->{status}, 200, 'unarchive');
    is($r->{json}{status}, 'draft', 'restored');
    ok($r->{headers}{etag}, 'with an ETag');
    is($req->(GET => $path, token => $token, headers => [ 'If-None-Match' => $r->{headers}{etag} ])->{status}, 304, 'not modified');
    is($req->(HEAD => $path, token => $token)->{body}, '', 'HEAD has no body');
    is($req->(POST => "$path/unarchive", token => $token)->{json}{error}{code}, 'CONFLICT', 'again: a conflict');
    is($req->(GET => $path)->{json}{error}{code}, 'AUTH_REQUIRED', 'no token');
    is($req->(GET => $path, token => $t->other)->{json}{error}{code}, 'RESOURCE_NOT_FOUND', 'another tenant');
    is($req->(POST => "$path/archive", token => $t->reader)->{json}{error}{code}, 'PERMISSION_DENIED', 'a reader');
    is($req->(POST => "$base/api/v1/models", token => $token, body => '{"name":')->{json}{error}{code}, 'VALIDATION_ERROR', 'broken JSON');
    my $rid = $req->(GET => $path, token => $token)->{json}{rid};
    $r = $req->(POST => "$base/api/v2/models/$rid/versions?preview=true", token => $token, body => { modelApi => model_api(), backingRepositories => [], condaRequirements => [],
        modelFiles => { type => 'dill', serializedModelFunction => 'AAAA' x (1 << 20) } });
    is($r->{status}, 200, 'a version with a file of three megabytes') or diag substr $r->{raw}, 0, 500;
    is(length($req->(GET => "$path/versions/ver-001/artifact", token => $token)->{body}), 3 << 20, 'and back');
    $r = $req->(GET => "$base/api/v1/models/a/b/c", token => $token);
    is("$r->{status} $r->{json}{error}{code}", '404 RESOURCE_NOT_FOUND', 'an unknown path, in the dialect');
    $r = $req->(PUT => "$base/api/v1/models", token => $token);
    is($r->{status}, 405, 'a method that is not there');
    ok($r->{headers}{allow}, 'with Allow');
    $r = $req->(POST => "$base/api/auth/login", body => { username => 'admin', password => $t->password('admin') });
    is($r->{status}, 200, 'login') or diag $r->{raw};
    is($req->(GET => $path, token => $r->{json}{access_token})->{status}, 200, 'whose token works');
    is($req->(GET => "$base/readyz")->{status}, 200, 'ready');
}

subtest 'fcgiwrap under nginx' => sub {
    my $example = slurp("$Thaw::SRC/nginx/fcgiwrap.conf.in");
    $example =~ s{\@THAWEXECDIR\@}{$Thaw::BUILD}g;
    $example =~ s{\@THAWCONFDIR\@}{$dir}g;
    $example =~ s{unix:/run/fcgiwrap\.socket}{unix:$dir/fcgiwrap.sock}g or die;
    $t->{conf} = sub { s{    location / \{ fastcgi_pass thaw; \}\n}{$example} && s{    location ~ [^\n]*fastcgi_pass thaw; \}\n}{} or die 'no location' };
    my $wrap = Thaw::Guard->start({}, "$dir/fcgiwrap.log", 'fcgiwrap', '-f', '-c', 4, '-s', "unix:$dir/fcgiwrap.sock");
    within(10, sub { -S "$dir/fcgiwrap.sock" }, 'fcgiwrap');
    $example =~ s{\@NGINXDIR\@}{$Thaw::SRC/nginx}g;
    $t->start_nginx;
    exercise(sub { $t->req(@_) }, '');
    is(scalar(grep { $_ == 200 } concurrently(8, sub { $t->req(GET => '/api/v1/models', token => $token)->{status} })), 8, 'eight at once');
};

subtest 'mod_cgi of Apache' => sub {
    # Apache does not run CGI scripts as root: there, as www-data, on copies
    # that this user may read.
    my @as = $> == 0 ? qw(setpriv --reuid=www-data --regid=www-data --clear-groups) : ();
    mkdir "$dir/cgi" or die $!;
    mkdir "$dir/cgi/none";
    copy("$Thaw::BUILD/thaw.fcgi", "$dir/cgi/thaw.fcgi") or die $!;
    chmod 0755, $dir, "$dir/cgi", "$dir/cgi/none", "$dir/cgi/thaw.fcgi";
    spew("$dir/cgi/thaw.conf", slurp("$dir/thaw.conf") . "base_path = /thaw\n", 0644);
    if (@as) { system('chown', '-R', 'www-data:', "$dir/thaw.cnf", "$dir/keys", "$dir/run", "$dir/cgi") and die }
    my $port = do { my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1); $s->sockport };
    my $example = slurp("$Thaw::SRC/nginx/apache-cgi.conf.in");
    $example =~ s{\@THAWEXECDIR\@|\@THAWCONFDIR\@}{$dir/cgi}g;
    spew("$dir/apache.conf", join('', "ServerRoot $dir/cgi\nServerName localhost\nListen 127.0.0.1:$port\nPidFile $dir/cgi/apache.pid\n",
        "ErrorLog $dir/cgi/apache.log\nDefaultRuntimeDir $dir/cgi\nMutex file:$dir/cgi\nDocumentRoot $dir/cgi/none\nStartServers 2\n",
        map({ "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so\n" } qw(mpm_prefork authz_core alias env cgi)), $example), 0644);
    my $apache = Thaw::Guard->start({}, "$dir/apache-start.log", @as, 'apache2', '-D', 'FOREGROUND', '-f', "$dir/apache.conf");
    my $req = sub { my ($method, $path, @o) = @_; $t->req($method, $path, @o, port => $port) };
    within(10, sub { $apache->alive or die slurp("$dir/apache-start.log") . slurp("$dir/cgi/apache.log");
        eval { $req->(GET => '/thaw/healthz')->{status} == 200 } }, 'Apache');
    exercise($req, '/thaw');
    my $r = $req->(GET => '/elsewhere');
    is("$r->{status} $r->{json}{status}", '404 404', 'outside of the base path Apache answers, in JSON');
    unlike($r->{raw}, qr/Apache.[0-9]/, 'without its version');
    $r = Thaw::parse($t->raw("POST /thaw/api/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $token\r\n" .
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", port => $port));
    cmp_ok($r->{status}, '>=', 400, "a chunked body is refused: $r->{status}");
    $apache->stop;
    unlike(slurp("$dir/cgi/apache.log"), qr/Sanitizer|runtime error|Premature end/, 'nothing bad in the log of Apache');
};

subtest 'without a web server' => sub {
    my %env = (GATEWAY_INTERFACE => 'CGI/1.1', THAW_CONFIG => "$dir/thaw.conf", REQUEST_METHOD => 'GET', REQUEST_URI => '/healthz',
        SERVER_PROTOCOL => 'HTTP/1.1', REMOTE_ADDR => '127.0.0.1');
    my $r = $t->run(\%env, '', "$Thaw::BUILD/thaw.fcgi");
    is($r->{exit}, 0, 'exit 0');
    like($r->{out}, qr/\AStatus: 200|^Status: 200/m, 'a CGI header');
    $r = $t->run({ %env, REQUEST_METHOD => 'POST', REQUEST_URI => '/api/auth/login', CONTENT_TYPE => 'application/json', CONTENT_LENGTH => 100 },
        '{"username":"admin"', "$Thaw::BUILD/thaw.fcgi");
    like($r->{out}, qr/^Status: 400/m, 'a body shorter than its length: 400');
    delete $env{GATEWAY_INTERFACE};
    $r = $t->run(\%env, '', "$Thaw::BUILD/thaw.fcgi");
    isnt($r->{exit}, 0, 'by hand, neither worker nor CGI: refused');
    like($r->{err}, qr/\S/, 'with a word on how to start it');
};
# Of OpenSSL a CGI script gets little ready: what certificates need is a part of it.
subtest 'a database over TLS' => sub {
    my $d = "$dir/tls";
    mkdir $d or die $!;
    my $openssl = sub { my $r = $t->run({}, '', 'sh', '-c', "cd '$d' && openssl $_[0]"); $r->{exit} and die $r->{err} };
    $openssl->("req -x509 -newkey rsa:2048 -nodes -days 2 -sha512 -subj /CN=$_ -keyout $_.key -out $_.crt") for qw(authority stranger);
    for (qw(localhost client)) {
        $openssl->("req -newkey rsa:2048 -nodes -subj /CN=$_ -keyout $_.key -out $_.csr");
        $openssl->("x509 -req -in $_.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 2 -sha384 -out $_.crt");
    }
    $openssl->('rsa -in client.key -aes128 -traditional -passout pass:secret -out client-old.key');
    my $c = Thaw->new(workers => 0, mariadb => [ "--ssl-ca=$d/authority.crt", "--ssl-cert=$d/localhost.crt", "--ssl-key=$d/localhost.key" ]);
    my ($option_file, $jwt) = (slurp("$c->{dir}/thaw.cnf"), $c->admin);
    my $account = $c->sql("SELECT CONCAT(QUOTE(user), '\@', QUOTE(host)) FROM mysql.user WHERE user = 'thaw_app'");
    my $is = sub {
        my ($status, $name, @options) = @_;
        spew("$c->{dir}/thaw.cnf", join "\n", $option_file, @options, '');
        my $r = $c->run({ GATEWAY_INTERFACE => 'CGI/1.1', THAW_CONFIG => "$c->{dir}/thaw.conf", REQUEST_METHOD => 'GET', REQUEST_URI => '/api/v1/models',
            SERVER_PROTOCOL => 'HTTP/1.1', REMOTE_ADDR => '127.0.0.1', HTTP_AUTHORIZATION => "Bearer $jwt" }, '', "$Thaw::BUILD/thaw.fcgi");
        like($r->{out}, qr/^Status: $status /m, $name) or diag $r->{err};
    };
    my @ours = ("ssl-ca=$d/authority.crt", 'ssl-verify-server-cert');
    $c->sql("ALTER USER $account REQUIRE SSL");
    $is->(503, 'given an account that must use it: without, no');
    $is->(200, 'with it', @ours);
    $is->(503, "a server of another authority's", "ssl-ca=$d/stranger.crt", 'ssl-verify-server-cert');
    $c->sql("ALTER USER $account REQUIRE X509");
    $is->(200, 'with a certificate', @ours, "ssl-cert=$d/client.crt", "ssl-key=$d/client.key");
    $is->(200, 'whose key is encrypted in the old way', @ours, "ssl-cert=$d/client.crt", "ssl-key=$d/client-old.key", 'ssl-passphrase=secret');
    spew("$c->{dir}/thaw.cnf", $option_file);
    $c->sql("ALTER USER $account REQUIRE NONE");
    $c->finish;
};
$t->finish;
