# Foundry.pm: what the tests of the foundry dialect share, on top of Contract.pm: resource
# identifiers, requests, the error envelope, a small model with a version.
package Foundry;
use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 'encode_base64';
use Test::More ();
use Thaw;
use Contract;

our @EXPORT = qw(rid_of hex_of_rid foundry fs fault_is home_of folder foundry_model upload promote model_api $NO_MODEL $NO_VERSION $UUID);

our $UUID = qr/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
our $NO_MODEL = 'ri.models.main.model.f351c142-0e4c-4b12-adc2-6e1539737ae9';       # the document's own
our $NO_VERSION = 'ri.models.main.model-version.adf94926-c3ac-41ea-beb2-4946699d08ee';

# 96 bits as the UUID of a resource identifier, and back.
sub rid_of {
    my ($kind, $id) = @_;
    my %prefix = (model => 'ri.models.main.model', version => 'ri.models.main.model-version', folder => 'ri.compass.main.folder',
        space => 'ri.compass.main.space', experiment => 'ri.models.main.experiment', user => '');
    my $h = hex_of($id);
    my $uuid = join '-', substr($h, 0, 8), substr($h, 8, 4), '8' . substr($h, 12, 3), '8000', '000' . substr $h, 15;
    return $prefix{$kind} ? "$prefix{$kind}.$uuid" : $uuid;
}
sub hex_of_rid {
    my ($t, $m, $v, $w) = $_[0] =~ /\.([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8000-000([0-9a-f]{9})$/ or die "no rid: $_[0]";
    return "$t$m$v$w";
}

# A request below /api/v2/models, with its preview; and below /api/v2/filesystem.
sub foundry {
    my ($t, $method, $path, %o) = @_;
    return $t->req($method => "/api/v2/models$path" . ($path =~ /\?/ ? '&' : '?') . 'preview=true', token => $t->admin, %o);
}
sub fs {
    my ($t, $method, $path, %o) = @_;
    return $t->req($method => "/api/v2/filesystem/$path", token => $t->admin, %o);
}

# The error envelope, whole: status, code, name, parameters; text: the description, if told.
sub fault_is {
    my ($r, $status, $code, $name, $parameters, $what, $text) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
    push @bad, 'members ' . join(' ', sort keys %$e) if join(' ', sort keys %$e) ne 'errorCode errorDescription errorInstanceId errorName parameters';
    push @bad, 'errorCode ' . ($e->{errorCode} // 'none') . ", not $code" if ($e->{errorCode} // '') ne $code;
    push @bad, 'errorName ' . ($e->{errorName} // 'none') . ", not $name" if ($e->{errorName} // '') ne $name;
    push @bad, 'errorInstanceId ' . ($e->{errorInstanceId} // 'none') if ($e->{errorInstanceId} // '') !~ /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    push @bad, 'no errorDescription' unless length($e->{errorDescription} // '');
    push @bad, "errorDescription $e->{errorDescription}" if defined $text && ($e->{errorDescription} // '') ne $text;
    push @bad, 'parameters ' . json($e->{parameters}) if ref $e->{parameters} ne 'HASH' || (ref $parameters eq 'HASH' && json($e->{parameters}) ne json($parameters));
    push @bad, 'cacheable' unless ($r->{headers}{'cache-control'} // '') =~ /no-store/;
    push @bad, 'no X-Request-Id' unless length($r->{headers}{'x-request-id'} // '');
    Test::More::is(join('; ', @bad), '', $what) or Test::More::diag(substr($r->{raw} // $r->{body}, 0, 2000));
}

# The home project of an organization: where models lie that were made without a folder.
sub home_of {
    my ($t, $token) = @_;
    my $space = fs($t, GET => 'spaces', token => $token // $t->admin)->{json}{data}[0]{rid};
    return fs($t, GET => "folders/$space/children", token => $token // $t->admin)->{json}{data}[0]{rid};
}

my $made = 0;
sub folder {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = fs($t, POST => 'folders', token => $token, body => { displayName => 'folder ' . ++$made, parentFolderRid => $o{in} // home_of($t, $token) });
    $r->{status} == 200 or die "folder: $r->{raw}";
    return $r->{json}{rid};
}
sub foundry_model {
    my ($t, %o) = @_;
    my $token = $o{token} // $t->admin;
    my $r = foundry($t, POST => '', token => $token, body => { name => $o{name} // "foundry $$ " . ++$made, parentFolderRid => $o{in} // home_of($t, $token) });
    $r->{status} == 200 or die "model: $r->{raw}";
    return $r->{json}{rid};
}

sub model_api {
    my %o = @_;
    return { inputs => $o{inputs} // [ { type => 'tabular', name => 'input_df', required => \1, format => 'PANDAS',
                columns => [ { name => 'feature_1', required => \1, dataType => { type => 'double' } }, { name => 'feature_2', required => \1, dataType => { type => 'integer' } } ] } ],
             outputs => $o{outputs} // [ { type => 'tabular', name => 'output_df', required => \1, format => 'SPARK',
                columns => [ { name => 'prediction', required => \1, dataType => { type => 'double' } } ] } ] };
}
# A version from a client: the reply, or with check its object.
sub upload {
    my ($t, $model, %o) = @_;
    my ($token, $file, %query) = (delete $o{token} // $t->admin, delete $o{file} // "a function $$ " . ++$made);
    my $r = foundry($t, POST => "/$model/versions", token => $token, body => { modelFiles => { type => 'dill', serializedModelFunction => encode_base64($file, '') },
        backingRepositories => ['ri.stemma.main.repository.a1b2c3d4-e5f6-7890-abcd-ef1234567890'], condaRequirements => [ 'numpy==1.24.0', 'pandas==2.0.0' ],
        modelApi => model_api(), %o });
    return $r;
}
sub promote {
    my ($t, $target, $source, %o) = @_;
    my $branch = delete $o{branch};
    return foundry($t, POST => "/$target/promoteVersion", body => { sourceModelVersionRid => $source, defined $branch ? (branch => $branch) : () }, %o);
}

1;
