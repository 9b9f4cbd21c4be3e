# What the clients of the campaign of faults ask for: a row for each kind of request, in every
# dialect whose objects have states, and the client that makes them and writes down what it
# was told.
#
# A row: dialect, name, the kind of object it is about (or -), method, address, body, the
# transitions of which it makes one (life.def; `read`: none), and more:
#   status   of a success, if not 200
#   with     the actions of the other audit rows of the same change
#   may      those that it can have besides, as the state of another object has it
#   makes    kind => pattern: what a success makes, and its id
#   needs    the states of the object in which it is not refused, if not where the transition starts
#   again    in these states it is a success that changes nothing (*: in any)
#   loose    what it is refused for is not its object's state alone
#   told     the ETag of its answer is of the object it is about
#   marks    it sets the description, to MARK
#   seen     what a read tells of the object, where there is no ETag: a pattern for the description
#   built    a builder has something to do then
#   signed   by who signed in, not with an API key
#   job      it is about a training run that is under way, JOB
#
# A journal is a file of lines, written before a request is sent and when its answer is here:
#   S id time row object key node                  (object: as the row's kind has it)
#   A id time status request-id replayed tag seen digest
package Thaw::Fault::Work;
use strict;
use warnings;
use Digest::MD5 'md5_hex';
use Exporter 'import';
use MIME::Base64 'encode_base64';
use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC);
use Contract ();
use Foundry ();
use Thaw;

our @EXPORT_OK = qw(%ROW client ask seen_before journal);

my ($models, $live, $fs, $ml, $file) = ('/api/v1/models', [qw(draft training ready)], '/api/v2/filesystem', '/api/2.0/mlflow', encode_base64('a function', ''));
my $version = ['model_version.created'];
my $package = '"target":{"name":"y","type":"Regression"}';
my $api = Contract::json(Foundry::model_api());
our @ROWS = (
    # --- models
    [ models => 'create', '-', POST => $models, '{"name":"MARK","model_type":"custom","task_type":"regression"}', 'MODEL_CREATE', status => 201, makes => [ model => qr/"id":"(mdl-\w+)"/ ], often => 2 ],
    [ models => 'edit', 'model', PATCH => "$models/ID", '{"description":"MARK"}', 'MODEL_EDIT', told => 1, marks => 1, often => 6 ],
    [ models => 'archive', 'model', POST => "$models/ID/archive", '', 'MODEL_ARCHIVE', told => 1, often => 4 ],
    [ models => 'unarchive', 'model', POST => "$models/ID/unarchive", '', 'MODEL_UNARCHIVE', told => 1, often => 8 ],
    [ models => 'train', 'model', POST => "$models/ID/train", '', 'MODEL_TRAIN', status => 202, with => ['training_run.created'], often => 2 ],
    [ models => 'complete', 'model', POST => "$models/ID/train/JOB/complete", '', 'MODEL_TRAINED', with => [ 'training_run.completed', @$version ], job => 1, often => 4 ],
    [ models => 'fail', 'model', POST => "$models/ID/train/JOB/fail", '{"reason":"MARK"}', 'MODEL_TRAIN_FAIL', with => ['training_run.failed'], job => 1 ],
    [ models => 'restore', 'model', POST => "$models/ID/versions/ver-001/restore", '', 'MODEL_RESTORE_VERSION', loose => 1 ],
    [ models => 'get', 'model', GET => "$models/ID", '', 'read', told => 1, often => 6 ],
    # --- projects
    [ projects => 'create', '-', POST => '/api/v1/projects', '{"name":"MARK"}', 'PROJECT_CREATE', status => 201, makes => [ project => qr/"id":(\d+)/ ], often => 2 ],
    [ projects => 'edit', 'project', PUT => '/api/v1/projects/ID', '{"name":"MARK"}', 'PROJECT_EDIT', told => 1, often => 3 ],
    map({ [ projects => $_->[0], 'project', PUT => "/api/v1/projects/ID/$_->[0]", '', "PROJECT_\U$_->[0]", told => 1, often => $_->[1] ] } [ publish => 3 ], [ pause => 2 ], [ resume => 2 ], [ archive => 2 ], [ restore => 4 ]),
    [ projects => 'build', 'project', PUT => '/api/v1/projects/ID/build', '{"progress":40}', 'PROJECT_BUILD PROJECT_PROGRESS', told => 1 ],
    [ projects => 'built', 'project', PUT => '/api/v1/projects/ID/build', '{"progress":100}', 'PROJECT_BUILT', loose => 1, told => 1, may => ['project.build_started'], often => 3 ],
    [ projects => 'get', 'project', GET => '/api/v1/projects/ID', '', 'read', told => 1, often => 2 ],
    # --- workspaces
    [ workspaces => 'create', '-', POST => '/v1/workspaces', '{"name":"MARK"}', 'WORKSPACE_CREATE', status => 201, makes => [ workspace => qr/"id":"(wks_\w+)"/ ] ],
    [ workspaces => 'edit', 'workspace', PATCH => '/v1/workspaces/ID', '{"name":"MARK"}', 'WORKSPACE_EDIT', told => 1, often => 3 ],
    [ workspaces => 'archive', 'workspace', POST => '/v1/workspaces/ID/archive', '', 'WORKSPACE_ARCHIVE', told => 1, again => ['archived'], often => 2 ],
    [ workspaces => 'unarchive', 'workspace', POST => '/v1/workspaces/ID/unarchive', '', 'WORKSPACE_UNARCHIVE', told => 1, again => [qw(ready active)], often => 3 ],
    [ workspaces => 'get', 'workspace', GET => '/v1/workspaces/ID', '', 'read', told => 1, often => 3 ],
    [ workspaces => 'entity', 'workspace', POST => '/v1/entities', '{"workspace_id":"ID","name":"MARK","type":"llc","jurisdiction":"US-DE"}', 'ENTITY_CREATE', status => 202, loose => 1,
        may => ['workspace.activated'], makes => [ entity => qr/"id":"(ent_\w+)"/ ], often => 3 ],
    [ workspaces => 'edit entity', 'entity', PATCH => '/v1/entities/ID', '{"name":"MARK"}', 'ENTITY_EDIT', told => 1, often => 2 ],
    map({ [ workspaces => $_, 'entity', POST => "/v1/entities/ID/$_", '', "ENTITY_\U$_", told => 1, may => ['workspace.emptied'], often => 2 ] } qw(submit register reject cancel dissolve)),
    [ workspaces => 'get entity', 'entity', GET => '/v1/entities/ID', '', 'read', told => 1 ],
    # --- foundry
    [ foundry => 'create folder', '-', POST => "$fs/folders", '{"displayName":"MARK","parentFolderRid":"HOME"}', 'FOLDER_CREATE', makes => [ folder => qr/"rid":"(ri\.compass\.main\.folder\.[^"]+)"/ ] ],
    [ foundry => 'edit folder', 'folder', PUT => "$fs/folders/ID", '{"displayName":"MARK","parentFolderRid":"HOME"}', 'FOLDER_EDIT', told => 1, often => 2 ],
    [ foundry => 'archive folder', 'folder', DELETE => "$fs/resources/ID", '', 'FOLDER_ARCHIVE', status => 204, again => ['archived'] ],
    [ foundry => 'restore folder', 'folder', POST => "$fs/resources/ID/restore", '', 'FOLDER_RESTORE', status => 204, often => 2 ],
    [ foundry => 'get folder', 'folder', GET => "$fs/folders/ID", '', 'read', told => 1, loose => 1 ],
    [ foundry => 'create', '-', POST => '/api/v2/models?preview=true', '{"name":"MARK","parentFolderRid":"HOME"}', 'MODEL_CREATE', makes => [ model => qr/"rid":"(ri\.models\.main\.model\.[^"]+)"/ ] ],
    [ foundry => 'upload', 'model', POST => '/api/v2/models/RID/versions?preview=true', qq({"modelFiles":{"type":"dill","serializedModelFunction":"$file"},"backingRepositories":[],"condaRequirements":["numpy==1.24.0"],"modelApi":$api}),
        'MODEL_UPLOAD', with => $version, often => 2 ],
    [ foundry => 'trash', 'model', DELETE => "$fs/resources/RID", '', 'MODEL_ARCHIVE', status => 204, again => ['archived'], often => 2 ],
    [ foundry => 'restore', 'model', POST => "$fs/resources/RID/restore", '', 'MODEL_UNARCHIVE', status => 204, often => 3 ],
    [ foundry => 'get', 'model', GET => '/api/v2/models/RID?preview=true', '', 'read', told => 1, needs => $live, often => 2 ],
    # --- registry
    [ registry => 'package', '-', POST => '/api/v2/modelPackages/fromJSON/', qq({"name":"MARK",$package}), 'MODEL_CREATE', status => 201, with => [ @$version, 'model.version_created' ], makes => [ model => qr/"registeredModelId":"(\w+)"/ ] ],
    [ registry => 'version', 'model', POST => '/api/v2/modelPackages/fromJSON/', qq({"name":"MARK","registeredModelId":"HEX",$package}), 'MODEL_REGISTER', status => 201, with => $version, loose => 1, often => 2 ],
    [ registry => 'to build', '-', POST => '/api/v2/modelPackages/fromLeaderboard/', '{"modelId":"TRAINED","registeredModelName":"MARK"}', 'MODEL_CREATE', status => 202, with => [ @$version, 'model.version_created' ],
        makes => [ model => qr/"registeredModelId":"(\w+)"/ ], built => 1 ],
    [ registry => 'describe', 'model', PATCH => '/api/v2/registeredModels/HEX/', '{"description":"MARK"}', 'MODEL_EDIT', told => 1, marks => 1, often => 3 ],
    [ registry => 'get', 'model', GET => '/api/v2/registeredModels/HEX/', '', 'read', told => 1, often => 2 ],
    [ registry => 'deactivate', 'deployment', PATCH => '/api/v2/deployments/ID/status/', '{"status":"inactive"}', 'DEPLOYMENT_DEACTIVATE', status => 202, with => ['model.undeployed'], again => ['inactive'] ],
    [ registry => 'activate', 'deployment', PATCH => '/api/v2/deployments/ID/status/', '{"status":"active"}', 'DEPLOYMENT_ACTIVATE', status => 202, with => ['model.deployed'], again => ['active'] ],
    [ registry => 'label', 'deployment', PATCH => '/api/v2/deployments/ID/', '{"label":"MARK"}', 'DEPLOYMENT_EDIT', status => 204 ],
    [ registry => 'get deployment', 'deployment', GET => '/api/v2/deployments/ID/', '', 'read', told => 1 ],
    # --- console: for those who signed in
    [ console => 'create role', '-', POST => '/console/roles', '{"name":"MARK","permissions":["model:read"],"rate":60}', 'ROLE_CREATE', status => 201, signed => 1, makes => [ role => qr/"id":"(rol-\w+)"/ ] ],
    [ console => 'edit role', 'role', PATCH => '/console/roles/ID', '{"rate":NUMBER}', 'ROLE_SET', told => 1, signed => 1, again => '*', often => 2 ],
    [ console => 'get role', 'role', GET => '/console/roles/ID', '', 'read', told => 1, signed => 1 ],
    # --- mlflow
    [ mlflow => 'create', '-', POST => "$ml/registered-models/create", '{"name":"MARK"}', 'MODEL_CREATE' ],
    [ mlflow => 'describe', 'model', PATCH => "$ml/registered-models/update", '{"name":"NAME","description":"MARK"}', 'MODEL_EDIT', marks => 1, often => 3 ],
    [ mlflow => 'tag', 'model', POST => "$ml/registered-models/set-tag", '{"name":"NAME","key":"k","value":"MARK"}', 'MODEL_LABEL', often => 2 ],
    [ mlflow => 'version', 'model', POST => "$ml/model-versions/create", '{"name":"NAME","source":"s3://b/m"}', 'MODEL_REGISTER', with => $version, often => 2 ],
    [ mlflow => 'stage', 'model', POST => "$ml/model-versions/transition-stage", '{"name":"NAME","version":"1","stage":"STAGE","archive_existing_versions":false}', 'MODEL_VERSION_STAGE',
        with => ['model_version.staged'], again => '*', loose => 1 ],
    [ mlflow => 'get', 'model', GET => "$ml/registered-models/get?name=NAME", '', 'read', needs => $live, seen => qr/^\{"registered_model":\{"name":"[^"]*","creation_timestamp":\d+,"last_updated_timestamp":\d+,"description":"([^"]*)"/, often => 3 ],
);
our %ROW;
for (@ROWS) {
    my ($dialect, $what, $on, $method, $path, $body, $does, %more) = @$_;
    $ROW{"$dialect $what"} = { name => "$dialect $what", dialect => $dialect, on => $on, method => $method, path => $path, body => $body, does => $does eq 'read' ? [] : [ split ' ', $does ],
        read => $does eq 'read', status => 200, with => [], may => [], often => 1, %more };
}
# What reads an object of a kind.
my %reads;
push @{ $reads{ $_->{on} } }, $_ for grep { $_->{read} } map { $ROW{$_} } sort keys %ROW;
my @often = map { ($_) x $ROW{$_}{often} } sort keys %ROW;

sub now { clock_gettime(CLOCK_MONOTONIC) }

# Who writes down: a file of its own, each line whole.
sub journal {
    my ($file) = @_;
    open my $h, '>>:raw', $file or die "$file: $!";
    $h->autoflush;
    return $h;
}

# One try: the reply; or status 0 when there was none. $c: where, as whom and into which journal.
sub ask {
    my ($c, $id, $row, $o, $key) = @_;
    my %value = (MARK => $id, ID => $o->{id}, HEX => $o->{hex}, NAME => $o->{name}, JOB => $o->{job}, STAGE => $o->{stage}, HOME => $c->{home}, TRAINED => $c->{trained},
        NUMBER => 1 + hex substr(md5_hex($id), 0, 4),
        RID => $o->{hex} && $row->{on} eq 'model' ? Foundry::rid_of(model => $o->{hex}) : undef);
    my ($path, $body) = map { s/\b(MARK|ID|HEX|NAME|JOB|STAGE|HOME|TRAINED|NUMBER|RID)\b/$value{$1} \/\/ die "no $1 for $row->{name}"/ger } @$row{qw(path body)};
    my @h = ('User-Agent' => $id, defined $key ? ('Idempotency-Key' => $key) : ());
    print { $c->{out} } join("\t", 'S', $id, now(), $row->{name}, $o->{id} // '-', $key // '-', $c->{node}), "\n";
    my $r = eval { $c->{t}[ $c->{node} ]->req($row->{method} => $path, token => $row->{signed} ? $c->{signed} : $c->{token}, plain => 1, headers => \@h, timeout => 15, $body eq '' ? () : (body => $body)) } // { status => 0, headers => {}, body => '' };
    # No word yet of the first with its key, or (to clients that would repeat a 503) of the COMMIT: as good as none.
    $r->{status} = 0 if $r->{status} == 409 && $r->{body} =~ /still in progress|was being committed/;
    my $h = $r->{headers};
    my ($tag) = $row->{told} ? ($h->{etag} // '') =~ /^"(\d+)-/ : ();
    my ($seen) = $row->{seen} && $r->{status} == 200 ? $r->{body} =~ $row->{seen} : ();
    print { $c->{out} } join("\t", 'A', $id, now(), $r->{status}, $h->{'x-request-id'} // '-', ($h->{'idempotent-replayed'} // '') eq 'true' ? 1 : 0, $tag // '-', $seen // '-', md5_hex($r->{body})), "\n";
    return $r;
}

# What others have made meanwhile: kind, id, hex, name.
sub look {
    my $c = shift;
    open my $h, '<:raw', $c->{made} or return;
    seek $h, $c->{at} // 0, 0;
    while (my $line = <$h>) {
        last if $line !~ /\n\z/;
        $c->{at} = tell $h;
        chomp $line;
        my ($kind, $id, $hex, $name, $hot) = split /\t/, $line;
        my $o = { id => $id, hex => $hex, name => $name };
        push @{ $c->{ $hot ? 'hot' : 'new' }{$kind} }, $o;
        shift @{ $c->{new}{$kind} } if @{ $c->{new}{$kind} // [] } > 30;
    }
}

sub hex_of_any {
    my ($kind, $id) = @_;
    return $kind eq 'project' ? '-' : $id =~ /^ri\./ ? Foundry::hex_of_rid($id) : Contract::hex_of($id);
}

sub made {
    my ($c, $row, $id, $r, $hot) = @_;
    my ($kind, $pattern) = @{ $row->{makes} // return };
    my ($is) = $r->{body} =~ $pattern or return;
    my $hex = hex_of_any($kind, $is);
    $is = "mdl-$hex" if $kind eq 'model';
    my $h = journal($c->{made});
    print $h join("\t", $kind, $is, $hex, $id, $hot ? 1 : 0), "\n";
    return { id => $is, hex => $hex, name => $id };
}

# A request with all the tries that its key allows; what was answered in the end.
sub settle {
    my ($c, $id, $row, $o, $key, $until) = @_;
    while (1) {
        my $r = ask($c, $id, $row, $o, $key);
        return $r if $r->{status} && $r->{status} < 500;
        $c->{node} = ($c->{node} + 1) % @{ $c->{t} };
        return $r if !defined $key || now() > $until;
        sleep 0.05 + rand 0.2;
    }
}

# Until the file `end` is there; then what is open under a key is settled, and what was answered asked for once more.
sub client {
    my ($c, $i, $end) = @_;
    my (@later, @open);
    $c->{out} = journal("$c->{dir}/journal.$i");
    srand($c->{seed} * 1000 + $i);
    for (my $n = 1; !-e $end; $n++) {
        look($c);
        my $row = $ROW{ $often[ rand @often ] };
        my $o = {};
        if ($row->{on} ne '-') {
            my @from = grep { $_ && @$_ } map { $c->{$_}{ $row->{on} } } rand() < 0.6 ? qw(hot new) : qw(new hot);
            next if !@from;
            $o = { %{ $from[0][ rand @{ $from[0] } ] }, stage => (qw(Staging Production))[ rand 2 ] };
        }
        if ($row->{job}) {
            my $r = eval { $c->{t}[ $c->{node} ]->req(GET => "$models/$o->{id}/train", token => $c->{token}, plain => 1, timeout => 15) } or next;
            ($o->{job}) = $r->{body} =~ /"job_id":"(\w+)"[^{}]*?"status":"training"/ or next;
        }
        my $id = "f$i-$n";
        my $key = !$row->{read} && rand() < 0.5 ? $id : undef;
        my $r = settle($c, $id, $row, $o, $key, now() + 10);
        if ($r->{status} =~ /^2/) {
            made($c, $row, $id, $r);
            # What it was told is there for whoever asks next, on another node too.
            if (!$row->{read} && $reads{ $row->{on} } && rand() < 0.2) {
                $c->{node} = ($c->{node} + 1) % @{ $c->{t} };
                ask($c, "$id-read", $reads{ $row->{on} }[ rand @{ $reads{ $row->{on} } } ], $o);
            }
        }
        push @{ $r->{status} && $r->{status} < 500 ? \@later : \@open }, [ $id, $row, $o, $key ] if defined $key;
        if (@later > 5 && rand() < 0.15) { ask($c, @{ splice @later, rand @later, 1 }) }
        sleep $c->{pause} if $c->{pause};
    }
    settle($c, @$_, now() + 20) for @open;
    ask($c, @$_) for @later > 20 ? @later[ -20 .. -1 ] : @later;
    return 1;
}

1;
