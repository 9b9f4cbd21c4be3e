#!/usr/bin/perl
# Who sees what, beyond the ids of every route (t/35-matrix.t), and from the same tables: each
# statement says whose rows it is about; each text that a query or a body may have tells nothing
# of another tenant, of the other mode and of what is not shared, whatever id or name of
# theirs it is; nor do page tokens; and a credential that is no more gets nothing anywhere.
# Then what is particular to one API: a local model, and the time of an answer.
#
# A new statement, route, parameter or member is tried when it is added. What looks like an
# id and makes no difference has to be in %NO_ID, what a new public route takes in %PUBLIC.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry 'rid_of';
use List::Util 'uniq';
use Matrix;
use OAuth qw(escaped form client session);
use Registry qw(reg imported);

my $token = $t->admin;

# --- statements -----------------------------------------------------------------------------

# Those of no organization: what they find by, or what they are for.
my %OF_ALL = (
    qr/^(?:TOKEN_FIND|REFRESH_FIND|ATTEMPT_(?:ANSWER|FORGET|OUTCOME))$/ => 'a secret, or an id that is made of the caller',
    qr/^(?:LOGIN_BY_USERNAME|LOGIN_BY_EMAIL|CLIENT_FIND)$/ => 'what is unique among all, before anybody is known',
    qr/^(?:PROJECT_TAKEN|PROJECT_URL|USER_OF_EMAIL|USER_OF_NAME)$/ => 'an address or a user\'s name, which is unique among all',
    qr/^(?:ORG_LIST|ORG_FIND|USER_FIND|EMAIL_KEYS|EMAIL_TWINS|AUDIT_COUNTS|OPERATOR|SEALED_COUNT|VERIFY_\w+)$/ => 'the command, which is of no organization',
    qr/^(?:\w+_(?:STALE|BATCH|SWEEP)|SWEEP_ORGS|BUILD_(?:DUE|WAITING)|EVENTS_WAITING|DELIVER_(?:DUE|WAITING))$/ => 'what is done for all of them',
    qr/^MAY_CHANGE$/ => 'no row at all',
);

# The tables of a statement that it does not bind to one organization, in the SELECT where each stands: by `= ?`, or by
# that of a table that is. What is selected from a SELECT is bound there.
sub unbound {
    my ($text, $tenants) = @_;
    $text =~ s/\b$_\.id\b/$_.organization_id/g for $text =~ /\borganizations (\w)\b/g;        # which is the same
    my $at = { tables => {} };
    my (@scopes, @same) = $at;
    my $enter = sub { push @scopes, $at = { in => $_[0], tables => {} } };
    my $name = qr/(?!(?:WHERE|SET|LEFT|JOIN|ON|FORCE|ORDER|GROUP|LIMIT|CROSS|STRAIGHT_JOIN|USE|VALUES|SELECT|INNER|FOR|UNION|HAVING)\b)\w+/;
    while ($text =~ /\G(?:(\()|(\))|\b(UNION)\b|\b(INTO|FROM|JOIN|STRAIGHT_JOIN|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?($name))?
        |(\b(?:(\w+)\.)?organization_id\s*(?:=|<=>)\s*(?:(\?)|\b(?:(\w+)\.)?organization_id\b))|\w+|.)/gsx) {
        my ($open, $close, $union, $word, $table, $alias, $same, @sides) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
        if ($open) { $enter->($at) }
        elsif ($close) { $at = $at->{in} // die "too many ) in $text" }
        elsif ($union) { $enter->($at->{in}) }
        elsif ($same) { push @same, [ $at, @sides ] }
        elsif ($word && $tenants->{$table}) {
            $at->{tables}{ $alias //= $table } = $table;
            $at->{bound}{$alias} = 1 if $word eq 'INTO' && substr($text, pos $text) =~ /^\s*\([^)]*\borganization_id\b/;
        }
    }
    my $find = sub {
        my ($scope, $alias) = @_;
        return ($scope, (keys %{ $scope->{tables} })[0]) if !defined $alias;
        $scope = $scope->{in} while $scope && !$scope->{tables}{$alias};
        return ($scope, $alias);
    };
    for my $case ((@same) x 9) {
        my ($scope, $left, $given, $right) = @$case;
        my ($l, $a) = $find->($scope, $left);
        my ($r, $b) = $given ? () : $find->($scope, $right);
        my ($l_bound, $r_bound) = (!$l || $l->{bound}{$a}, !$r || $r->{bound}{$b});
        $l->{bound}{$a} = 1 if $l && $r_bound;
        $r->{bound}{$b} = 1 if $r && $l_bound;
    }
    return map { my $s = $_; map { "$s->{tables}{$_} $_" } grep { !$s->{bound}{$_} } sort keys %{ $s->{tables} } } @scopes;
}

subtest 'every statement says whose rows it is about' => sub {
    my %tenants = map { $_->[0] => 1 } $t->sql("SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw' AND COLUMN_NAME = 'organization_id'");
    cmp_ok(scalar keys %tenants, '>=', 40, scalar(keys %tenants) . ' tables of tenants');
    my (%excused, @wrong);
    my @all = map { tables($t, $_) } qw(sql lists);
    for my $s (@all) {
        my @unbound = unbound($s->{text}, \%tenants) or next;
        my ($why) = grep { $s->{name} =~ $_ } keys %OF_ALL;
        $why ? $excused{$why}++ : push @wrong, "$s->{name}: @unbound";
    }
    is(join("\n", @wrong), '', scalar(@all) . ' of them, but for a few');
    is(scalar keys %excused, scalar keys %OF_ALL, 'each of whose reasons is one still');
    is(join('; ', unbound('SELECT x.id FROM models x JOIN grants g ON g.organization_id = x.organization_id WHERE x.id = ?', \%tenants)), 'grants g; models x', 'and it would be seen');
};

# --- texts of queries and bodies --------------------------------------------------------------

# Names of what is a text and no more, which is tried with a name; whatever is not among them is tried with every id.
my %TEXT = map { $_ => 1 } qw(accent algorithm artifacts associationId attributes automaticActuals api_version baselineSegmentedBy batchMonitoring biasAndFairness branch buildEnvironmentType challengerModels
    classLabels classNames code_challenge columnName columnNames condaRequirements config customBoundaries dataRobotPredictionVersion datasetName datasets datetimeColumnFormat datetimeColumnName datetimeFormat description
    displayName enabled_events event events fairnessMetricsSet featureDrift featureSelection feature_columns features filesToDelete filter forecastDistanceColumnName forecastDistances forecastDistancesTimeUnit
    forecastPointColumnName geospatialMonitoring gitModelVersion holdoutData holdoutDataCreatedAt holdoutDataCreatorEmail holdoutDataCreatorName holdoutDatasetName humility hyperparameters importMeta importance include
    isMajorUpdate isProxyModel isTrainingDataForVersionsPermanentlyEnabled jurisdiction key label language location logs managedBy maximumMemory metadata metrics modelApi modelDescription modelKind modelName modelType
    model_file model_type name negativeClassLabel networkEgressPolicy new_name onnx_file order_by originalFileName percentiles plugin positiveClassLabel predictionIntervals predictionProbabilitiesColumn predictionWarning
    predictionsByForecastDate predictionsDataCollection predictionsSettings preferableTargetValue primaryLocationColumn projectName prompt protectedFeatures reason redirect_uri registeredModelDescription
    registeredModelName registeredModelTags replicas requiredMetadataValues roleGrants runtimeParameterValues scope scopes scoringCode search searchFor secret segmentAnalysis serializedModelFunction seriesColumnName sort
    source stage stages state status supportedModelFormats tagKeys tagValues tags target targetDrift targetName targetType target_column task_type techStack timeseries trackedFeatures trainingData
    trainingDataCreatedAt trainingDataCreatorEmail trainingDataCreatorName type url value);
# What looks like an id and is kept, or refused, as it is given.
my %NO_ID = map { $_ => 1 } qw(dataset_id portfolio_id agent_id roleId userProvidedId holdoutDataCatalogId holdoutDataCatalogVersionId holdoutDataCreatorId trainingDataCatalogId trainingDataCatalogVersionId
    trainingDataCreatorId credentialId datastoreId baseEnvironmentId baseEnvironmentVersionId resourceBundleId run_id model_id), 'POST /api/v2/modelPackages/fromJSON modelId';
my $LIKE_ID = qr/(?:^id|_id|Id|Rid|_ids|Ids|Rids|[a-z]By|[a-z]To|^path|[uU]sername)$/;
# By what the caller chooses how its own is called: of others or not, it is theirs alone.
my $CHOSEN = qr/^(?:name|new_name|displayName|registeredModelName|projectName|id|url|label)$/;
# And what one signs in by, which is unique among all organizations.
my $UNIQUE = qr/^(?:username|email)$/;

my %stranger = (
    "another tenant's" => { pool => $other, asks => $admin },
    "of the other mode" => { pool => { %$admin, mark => 'tests', token => $t->key(test => 1), test => 1, agent => $t->key(kind => 'token', tier => 3, agent => 'agt_x', test => 1) },
        asks => { %$admin, token => $t->key }, only => qr/^(?:workspaces|console) (?:workspace|entity|authorization|webhook_endpoint|event|delivery|token)_id$/ },
    "of a model that is not shared" => { pool => { %$admin, mark => 'hidden' }, asks => { user => 'sharer', mark => 'ours' },
        only => qr/ (?:model_id|modelRid|modelVersionRid|registeredModelId|versionId|modelPackageId|deploymentId|challengerId|nextId|statusId|name|name of a model)$/ },
);
$t->thaw('role', 'set', '--org', 'Main', 'sharer', '--permissions', join(' ', uniq(grep { /:/ && $_ ne 'organization:admin' } map { $_->{permission} } @routes)), '--rate', 100)->{exit} == 0 or die 'role';
$t->user('sharer', role => 'sharer');
@{ $stranger{'of a model that is not shared'}{asks} }{qw(token me)} = ($t->token('sharer'), usr($t, 'sharer'));

# What an organization has, and how much of it there is.
sub holdings {
    my ($name) = @_;
    my %columns;
    push @{ $columns{ $_->[0] } }, $_->[1] for $t->sql("SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw' AND TABLE_NAME IN
        (SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw' AND COLUMN_NAME = 'organization_id')");
    return map { "@$_" } $t->sql(join ' UNION ALL ', map { my $table = $_;
        "SELECT '$table', COUNT(*), BIT_XOR(CRC32(CONCAT_WS('|', " . join(', ', map { "HEX(`$_`)" } @{ $columns{$table} }) . "))) FROM $table WHERE organization_id = (SELECT o.id FROM organizations o WHERE o.name = '$name')" } sort keys %columns);
}

# One of everything that the routes of a dialect name, by variable and by what else tells one from another.
sub pool {
    my ($o, $only) = @_;
    my %all;
    for my $r (sort { ($b->{method} eq 'GET') <=> ($a->{method} eq 'GET') } @routes) {
        my $of = $all{ $r->{dialect} } //= {};
        my @new = grep { !exists $of->{$_} && "$r->{dialect} $_" =~ $only } vars($r) or next;
        my $made = fixture($r, $o);
        $of->{$_} = $made->{$_} for @new;
    }
    my ($user, $org) = @{ ($t->sql("SELECT LOWER(HEX(id)), LOWER(HEX(organization_id)) FROM principals WHERE username = '$o->{user}'"))[0] };
    my $model = $o->{test} ? '' : model($t, token => $o->{token}, name => named($o) =~ tr/ //dr)->{name};
    my %more = ('a user' => "usr-$user", 'a user of v1' => in_base62('usr_', $user), 'a user of v2' => rid_of(user => $user), 'a user of 24' => $user, 'an organization' => "org-$org", 'an organization of 24' => $org,
        'an e-mail' => "$o->{user}\@main.example", 'a username' => $o->{user}, 'name of a model' => $model, 'a path' => ($o->{user} eq 'other' ? 'Other' : 'Main') . "/Models/$model");
    for my $dialect (keys %all) { $all{$dialect}{$_} = $more{$_} for grep { "$dialect $_" =~ $only } keys %more }
    return \%all;
}
# What lists are asked by is in them: an entity in its workspace; a version made of a run, in its model, in a use case; what is deployed of a custom model.
sub linked {
    my ($o, $all) = @_;
    my $of = $all->{registry};
    entity($t, $all->{workspaces}{workspace_id}, token => $o->{token}, name => named($o));
    my $made = sub { (ask($o, POST => "/api/v2/$_[0]", $_[1])->{json} // {})->{id} };
    my $package = $made->('modelPackages/fromLeaderboard', { modelId => $of->{modelId}, name => named($o), registeredModelId => $of->{registeredModelId} });
    $made->("useCases/$of->{useCaseId}/registeredModelVersions/$package");
    my $custom = $made->('modelPackages/fromCustomModelVersion', { customModelVersionId => $made->("customModels/$of->{customModelId}/versions", { isMajorUpdate => 'true' }), name => named($o) });
    $made->('deployments/fromModelPackage', { label => named($o), modelPackageId => $custom });
}
my $ours = pool($admin, qr/./);
$_->{all} = pool($_->{pool}, $_->{only} // qr/./) for values %stranger;
linked(@$_) for [ $admin, $ours ], [ $other, $stranger{"another tenant's"}{all} ];
# And one for each route that is about a model, or what is of one.
my $hidden = $stranger{'of a model that is not shared'};
my %hidden = map { my $r = $_; (grep { "$r->{dialect} $_" =~ $hidden->{only} } vars($r)) ? (name_of($r) => fixture($r, $hidden->{pool})) : () } @routes;
$t->sql("UPDATE models SET is_global = 0 WHERE name LIKE 'hidden%'");
$t->recount;

# An id or a name of the same spelling that nothing has, beside it in any order.
my $none = 0;
sub unknown_like {
    my ($v) = @_;
    my ($near, $hex) = ('', $v =~ /^[a-z]+_[0-9A-Za-z]{17}$/ ? hex_of($v) : $v);
    do { $near = sprintf '%03x', ++$none % 4096 } while $hex =~ /$near$/i;          # it is another one
    return $v =~ s/...$/$near/r if $v =~ /[0-9a-f]{24}$|^req_|[0-9a-f]-[0-9a-f]{12}$/;
    if (my ($prefix) = $v =~ /^([a-z]+_)[0-9A-Za-z]{17}$/) { return in_base62($prefix, hex_of($v) =~ s/...$/$near/r) }
    return $v + $none if $v =~ /^\d+$/;
    return $v =~ s/(\d+)$/9$1/r if $v =~ /^ver-/;
    return $v =~ s/theirs|hidden/nobody/gr =~ s/ours/nobo/gr =~ s/tests/nobod/gr =~ s/^(?:other|Other|admin)/nobod/r;
}

# Every text that a query or a body of the route may have: where, its schema, the names on the way to it.
sub texts {
    my ($route) = @_;
    my $of = $described->{ $route->{path} }{ lc $route->{method} };
    my (%found, %known);
    my $walk;
    $walk = sub {
        my ($where, $schema, @way) = @_;
        my @parts = map { @{ $schema->{$_} // [] } } qw(anyOf oneOf allOf);
        my $type = join ' ', ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
        $walk->($where, $_, @way) for @parts;
        $walk->($where, $schema->{properties}{$_}, @way, $_) for sort keys %{ $schema->{properties} // {} };
        $walk->($where, $schema->{items}, @way, 0) if $schema->{items};
        $known{"$where @way"} = 1 if $type =~ /\w/;
        return if @parts || $schema->{properties} || $schema->{items} || $schema->{enum} || exists $schema->{const} || ($schema->{format} // '') =~ /^(?:date-time|binary)$/;
        $found{"$where @way"} //= [ $where, $schema, @way ] if $type eq '' || $type =~ /string/;
        die "teach t/36-tenancy.t: $way[-1] of " . name_of($route) . " is an id that is a number\n" if $type =~ /integer/ && $type !~ /string/ && @way && $way[-1] =~ $LIKE_ID && $where eq 'body';
    };
    $_->{in} eq 'query' and $walk->('query', $_->{schema}, $_->{name}) for @{ $of->{parameters} // [] };
    $walk->('body', $_->{schema}) for values %{ $of->{requestBody}{content} // {} };
    my $base;
    $base = sub {
        my ($v, @way) = @_;
        return map { $base->($v->{$_}, @way, $_) } sort keys %$v if ref $v eq 'HASH';
        return map { $base->($v->[$_], @way, $_) } 0 .. $#$v if ref $v eq 'ARRAY';
        $found{"body @way"} //= [ 'body', {}, @way ] if defined $v && !ref $v && !$known{"body @way"};
    };
    $base->($BODY{ name_of($route) }) if $BODY{ name_of($route) };
    return sort { chosen($route, $a) <=> chosen($route, $b) || "@$a[2 .. $#$a]" cmp "@$b[2 .. $#$b]" } values %found;
}

sub last_of { my ($text) = @_; $text->[-1] =~ /^\d+$/ && @$text > 3 ? $text->[-2] : $text->[-1] // '' }
sub chosen { my ($route, $text) = @_; my $name = last_of($text); ($route->{flags} // '') =~ /\bwrite\b/ && ($name =~ $CHOSEN || $route->{dialect} eq 'console' && $name =~ $UNIQUE) && json($BODY{ name_of($route) } // {}) !~ /"$name":"\{/ ? 1 : 0 }

# What the route answers to a request that is right, but for this text.
sub tried {
    my ($route, $o, $id, $text, $value) = @_;
    my ($where, undef, @way) = @$text;
    my ($path, $body) = asked($route, $o, $id);
    if ($where eq 'query') {
        $path =~ s/([?&])\Q$way[0]\E=[^&]*&?/$1/;
        $path .= ($path =~ /\?/ ? '&' : '?') . escaped($way[0]) . '=' . escaped($value);
    } else {
        my $in = defined $body && length $body ? JSON::PP->new->decode($body) : undef;
        my $at = \$in;
        for (@way) { $at = /^\d+$/ ? \$$at->[$_] : \$$at->{$_} }
        delete $in->{modelPackageId} if "@way" eq 'modelId';              # either may be given
        $$at = $value;
        $body = json($in);
    }
    my $r = heard($t->req($route->{method} => $path, token => $o->{token}, body => $body, plain => 1), $route, $o, $value, split(m{[/@]}, $value), values %$id);
    die "$r->{raw}\n" if $r->{status} == 503;
    return "$r->{status} " . like_it(length $r->{body} ? JSON::PP->new->utf8->allow_nonref->decode($r->{body}) : undef) if $r->{status} =~ /^2/ && ($route->{flags} // '') =~ /\bwrite\b/;
    return plain($r, $id) =~ s/^Content-Length: \d+\r\n//mr =~ s/\Q$value\E|\Q@{[ escaped($value) ]}\E/{VALUE}/gir =~ s/\b(?:ours|hidden|tests)[ -]?\d+/NAME/gr =~ s/theirs|hidden|tests|nobody/WHO/gr =~ s/\b(?:other|nobod)\b/WHO/gir;
}
# What has been made is another one each time; it has the same members.
sub like_it {
    my ($v) = @_;
    return '{' . join(',', map { "$_:" . like_it($v->{$_}) } sort keys %$v) . '}' if ref $v eq 'HASH';
    return '[' . join(',', uniq(map { like_it($_) } @$v)) . ']' if ref $v eq 'ARRAY';
    return defined $v ? 'x' : 'null';
}

subtest 'a model that is not shared is as one that there is not' => sub {
    cmp_ok(scalar keys %hidden, '>', 70, keys(%hidden) . ' routes');
    unchanged($t, 'whatever is asked for', sub {
        for my $route (grep { $hidden{ name_of($_) } } @routes) {
            my $id = $hidden{ name_of($route) };
            my %none = map { my $var = $_; ($var => "$route->{dialect} $var" =~ $hidden->{only} ? unknown_like($id->{$var}) : $id->{$var}) } keys %$id;
            my ($got, $want) = map { plain(call($route, $hidden->{asks}, $_), $_) } $id, \%none;
            is($got, $want, name_of($route));
            like($got, qr/^HTTP\S+ (?:404|422) /, 'which there is not');
        }
    });
};

# Before any text of theirs is in ours.
subtest 'no list has anything of others' => sub {
    my $told = 0;
    for my $route (grep { $_->{method} eq 'GET' && !vars($_) } @routes) {
        for my $who (sort keys %stranger) {
            my @ids = ((grep { length > 7 && $_ ne 'champion' } map { values %$_ } values %{ $stranger{$who}{all} }), $stranger{$who} == $hidden ? () : $stranger{$who}{pool}{mark});
            my ($got, $theirs) = map { call($route, $_, {})->{raw} } $stranger{$who}{asks}, $stranger{$who}{pool};
            is(join(' ', grep { index($got, $_) >= 0 } @ids), '', name_of($route) . ": nothing $who");
            $told += grep { index($theirs, $_) >= 0 } @ids;
        }
    }
    cmp_ok($told, '>', 30, "while theirs have it: $told");
};

my %given;
my $writes = sub { my $r = shift; ($r->{flags} // '') !~ /\bwrite\b/ ? 0 : 1 + (grep { chosen($r, $_) } texts($r)) };
my @order = map { $_->[1] } sort { $a->[0] <=> $b->[0] } map { [ $writes->($_), $_ ] } grep { my @some = texts($_) } @routes;
my @theirs_before = holdings('Other');
for my $route (@order) {
    subtest name_of($route) => sub {
        $t->req(GET => '/v1/events?limit=1', token => $token);
        my $of = $ours->{ $route->{dialect} };
        my ($writes, @vars) = (scalar(($route->{flags} // '') =~ /\bwrite\b/), vars($route));
        my $mine = fixture($route, $admin);
        $mine = { $vars[0] => $of->{ $vars[0] } } if @vars == 1 && !$writes;
        my @told;
        for my $text (texts($route)) {
            my (undef, $schema, @way) = @$text;
            my $name = last_of($text);
            for my $who (sort keys %stranger) {
                my ($asks, $theirs, %none) = ($stranger{$who}{asks}, $stranger{$who}{all}{ $route->{dialect} } // {});
                for my $kind (sort keys %$theirs) {
                    my $value = $theirs->{$kind};
                    next if $value eq ($of->{$kind} // '') || ($TEXT{$name} && $kind !~ /^name/) || (defined $schema->{pattern} && $schema->{pattern} !~ /\\s/ && $value !~ $schema->{pattern});
                    next if $route->{dialect} eq 'console' && $name =~ $UNIQUE && $kind =~ /^an? (?:e-mail|username)$/;
                    # names are one in an organization, of whatever is seen or not
                    next if $who =~ /shared/ && $kind =~ /^name/ && chosen($route, $text);
                    my $both = sub { tried($route, $asks, $_[0], $text, $value), $none{ $value =~ /^[0-9a-f]{24}$/ ? 24 : $kind } //= tried($route, $asks, $_[1], $text, unknown_like($value)) };
                    my ($got, $want) = $both->($mine, $mine);
                    # what has been done may not be done again
                    if ($got ne $want && $writes) { %none = (); ($got, $want) = $both->(map { fixture($route, $admin) } 1, 2) }
                    push @told, "@way, $kind $who, $value:\n$got\n-- of none: --\n$want" if $got ne $want && !($given{$value} && chosen($route, $text));
                    $given{$value} = 1 if $got =~ /^2/ && chosen($route, $text);
                }
            }
            next if $name !~ $LIKE_ID || $TEXT{$name} || $NO_ID{$name} || $NO_ID{ name_of($route) . " $name" };
            my ($differs) = grep { tried($route, $admin, $mine, $text, $of->{$_}) ne tried($route, $admin, $mine, $text, unknown_like($of->{$_})) } sort { ($b eq $name) <=> ($a eq $name) || $a cmp $b } keys %$of;
            ok($differs, "@way of what is ours makes a difference: " . ($differs // 'none of ' . join ', ', sort keys %$of)) or diag tried($route, $admin, $mine, $text, $of->{$name} // 'x');
            $mine = fixture($route, $admin) if $writes;
        }
        is(join("\n", @told), '', 'whatever is of others is as what there is not');
    };
}
is(join("\n", holdings('Other')), join("\n", @theirs_before), 'what is theirs is as it was');

# What we have refers to nothing of theirs, whatever was said: but where who imports chooses the id.
{
    my @hex = uniq(map { /^\d+$|^req_/ ? () : eval { hex_of(rid_hex($_)) } // () } map { values %$_ } values %{ $stranger{"another tenant's"}{all} });
    sub rid_hex { $_[0] =~ /([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8000-000([0-9a-f]{9})$/ ? "$1$2$3$4" : $_[0] }
    my $ids = join ', ', map { "X'$_'" } @hex;
    my @columns = $t->sql("SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS c WHERE TABLE_SCHEMA = 'thaw' AND COLUMN_TYPE = 'binary(12)' AND COLUMN_NAME <> 'organization_id'
        AND EXISTS (SELECT 1 FROM information_schema.COLUMNS o WHERE o.TABLE_SCHEMA = 'thaw' AND o.TABLE_NAME = c.TABLE_NAME AND o.COLUMN_NAME = 'organization_id')");
    cmp_ok(scalar @hex, '>', 30, scalar(@hex) . ' ids of theirs');
    my @found = $t->sql(join ' UNION ALL ', map { my ($table, $column) = @$_; "SELECT '$table.$column', LOWER(HEX(x.$column)) FROM $table x WHERE x.organization_id = (SELECT o.id FROM organizations o WHERE o.name = 'Main') AND x.$column IN ($ids)" } @columns);
    my %given_id = map { $_ => 1 } map { $_->[0] } $t->sql("SELECT LOWER(HEX(id)) FROM training_runs WHERE organization_id = (SELECT id FROM organizations WHERE name = 'Main')");
    is(join("\n", map { "@$_" } grep { !$given_id{ $_->[1] } } @found), '', 'nothing of ours refers to anything of theirs, in ' . @columns . ' columns');
}

# --- page tokens -------------------------------------------------------------------------------

# One more of what such a route lists, by the end of its path.
my %FILL = (
    versions => sub { my ($o, $id) = @_; $ID{modelVersionRid}{make}->($o, '', $id) },
    trash => sub { my ($o) = @_; ask($o, DELETE => '/api/v2/filesystem/resources/' . $ID{folderRid}{make}->($o)) },
    children => sub { my ($o, $id) = @_; ask($o, POST => '/api/v2/filesystem/folders', { displayName => named($o), parentFolderRid => $id->{folderRid} }) },
    search => sub { $ID{'mlflow name'}{make}->($_[0], '') },
    webhooks => sub { $ID{webhook_id}{make}->($_[0]) },
    spaces => undef, roles => undef,                        # of which there is one page
);

subtest 'a page token of others' => sub {
    my $tried = 0;
    for my $route (@routes) {
        my ($text) = grep { last_of($_) =~ /^page_?token$/i } texts($route) or next;
        my ($where, $name) = ($text->[0], last_of($text));
        my $fill = exists $FILL{ verb_of($route) } ? $FILL{ verb_of($route) } // next : die 'teach t/36-tenancy.t: %FILL does not say how to make one more of ' . name_of($route) . "\n";
        my ($size) = grep { /^(?:page_?size|max_results)$/i } map { $_->{name} } @{ $described->{ $route->{path} }{ lc $route->{method} }{parameters} // [] };
        my $page = sub {
            my ($o, $id, @token) = @_;
            my ($path, $body) = asked($route, $o, $id);
            return $t->req($route->{method} => $path, token => $o->{token}, body => { max_results => 1, @token }) if $where eq 'body';
            return $t->req($route->{method} => $path . ($path =~ /\?/ ? '&' : '?') . form($size => 1, @token), token => $o->{token});
        };
        my @id = map { my $o = $_; my $id = fixture($route, $o); $fill->($o, $id) for 1, 2; $id } $admin, $other;
        my $next = sub { my $j = $page->(@_)->{json}; $j->{nextPageToken} // $j->{next_page_token} // die name_of($route) . ': there is no next page' };
        my ($own, $theirs) = ($next->($admin, $id[0]), $next->($other, $id[1]));
        is(join(' ', map { $page->(@$_)->{status} } [ $admin, $id[0], $name => $own ], [ $other, $id[1], $name => $theirs ]), '200 200', name_of($route) . ': to each its own');
        my $of_none = $theirs =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er;
        my ($got, $want) = map { plain($page->($admin, $id[0], $name => $_), {}) =~ s/\Q$_\E/TOKEN/gr } $theirs, $of_none;
        is($got, $want, 'that of theirs is to us as one that is none');
        $tried++;
    }
    cmp_ok($tried, '>=', 8, "$tried lists");
};

# --- credentials that are no more -----------------------------------------------------------------

# A session of the console's: its cookie, and the answer.
sub console {
    my ($method, $path, $cookie, $body) = @_;
    my $r = $t->req($method => "/console/session$path", body => $body, headers => [ Origin => "http://127.0.0.1", $cookie ? (Cookie => "thaw_session=$cookie") : () ]);
    ($r->{cookie}) = ($r->{headers}{'set-cookie'} // '') =~ /thaw_session=([^;]+)/;
    return $r;
}
sub signed_in { my ($user) = @_; my $r = console(POST => '', undef, { email => "$user\@main.example", password => $t->password($user) }); $r->{status} == 200 or die $r->{raw}; $r }
sub login { my ($user) = @_; $t->req(POST => '/api/auth/login', body => { username => $user, password => $t->password($user) })->{json} }

# Each of an administrator, good once: a bearer token, or the headers.
my (%dead, %refresh, %cookie);
{
    $t->org('Closed');
    $t->user('closed', role => 'admin', org => 'Closed');
    $t->user($_, role => 'admin') for qw(leaver changer quitter);
    my $app = client($t, redirect_uris => 'https://app.example/cb', user => 'admin');
    my ($withdrawn, $revoked) = map { session($t, $token, $app) } 1, 2;
    my ($out, $key, $tok) = (signed_in('quitter'), [ $t->key_and_id ], [ $t->key_and_id(kind => 'token', tier => 4) ]);
    my $expired = [ $t->key_and_id ];
    %dead = (
        'a token of a disabled user' => $t->token('leaver'), 'an API key of a disabled user' => $t->key(user => 'leaver'), 'a session of a disabled user' => (my $left = login('leaver'))->{access_token},
        'a token from before a new password' => $t->token('changer'), 'a session from before one' => (my $changed = login('changer'))->{access_token},
        'a session that was ended' => $out->{json}{access_token},
        'a token of a disabled organization' => $t->token('closed'), 'an API key of a disabled organization' => $t->key(user => 'closed'),
        'an API key that was revoked' => $key->[0], 'a token that was revoked' => $tok->[0], 'an API key that has expired' => $expired->[0],
        'a token of an application that was withdrawn' => $withdrawn->{access_token},
    );
    my @bad = grep { $t->req(GET => '/v1/limits', token => $dead{$_})->{status} != 200 } grep { !/application/ } sort keys %dead;
    is("@bad", '', 'each is good at first');
    my $reads = $t->req(GET => $MODELS, token => $withdrawn->{access_token})->{status};
    is($reads, 200, 'that of the application too');
    my @claims = $t->sql("SELECT CONCAT('usr-', LOWER(HEX(id))), CONCAT('org-', LOWER(HEX(organization_id))) FROM principals WHERE username = 'admin'");
    my $mint = sub { mint(signing_key($t, 'ES256'), claims => { sub => $claims[0][0], org => $claims[0][1], @_ }) };
    is($t->req(GET => $MODELS, token => $mint->())->{status}, 200, 'and one made by hand');
    %refresh = ('of a disabled user' => $left->{refresh_token}, 'from before a new password' => $changed->{refresh_token}, 'of an application' => $withdrawn->{refresh_token}, 'an access token' => $token);
    %cookie = ('of a session that was ended' => $out->{cookie}, 'of a disabled user' => signed_in('leaver')->{cookie}, 'from before a new password' => signed_in('changer')->{cookie});
    $t->must('user', 'disable', 'leaver');
    $t->must({ stdin => "another password\n" }, 'user', 'password', 'changer', '--password-stdin');
    is(console(DELETE => '', $out->{cookie})->{status}, 204, 'signed out');
    $t->must('org', 'disable', 'Closed');
    ask($admin, DELETE => "/v1/tokens/$_->[1]") for $key, $tok;
    ask($admin, DELETE => "/console/applications/$app->{id}");
    alter_key($t, $expired->[1], 'expires_at = UTC_TIMESTAMP(6)');
    $dead{'a token that has expired'} = $mint->(iat => time - 7200, exp => time - 3600);
    $dead{'a token that others signed'} = $token =~ s/.{8}$/AAAAAAAA/r;
    $dead{'a refresh token'} = login('quitter')->{refresh_token};
    $dead{'a key that nobody has'} = 'sk_live_' . 'x' x 43;
    $dead{'no token, but a cookie'} = undef;
}
my $cookie = signed_in('quitter')->{cookie};

subtest 'credentials that are no more' => sub {
    my (%said, @wrong);
    unchanged($t, 'whatever they ask for', sub {
        for my $route (@routes) {
            my %id = map { $_ => $ours->{ $route->{dialect} }{$_} } vars($route);
            my ($path, $body) = asked($route, $admin, \%id);
            for my $what (sort keys %dead) {
                my $r = $t->req($route->{method} => $path, token => $dead{$what}, body => $body, headers => [ $cookie && !$dead{$what} ? (Cookie => "thaw_session=$cookie") : () ]);
                push @wrong, name_of($route) . ", $what: $r->{status}" if $r->{status} !~ /^40[13]$/ || ($r->{headers}{'www-authenticate'} // '') !~ /^(?:Basic realm="mlflow", )?Bearer realm="thaw"/ && $r->{status} == 401;
                $said{"$what, $route->{dialect}"}{ plain($r, {}) =~ s/^Content-Length: \d+\r\n//mr =~ s/^(?:Allow|Deprecation|Link|Sunset|Vary): .*\r\n//mgr }++;
            }
        }
    });
    is(join("\n", @wrong), '', scalar(@routes) . ' routes by ' . scalar(keys %dead) . ': nobody');
    is(join("\n", map { join "\n-- or --\n", "$_:", sort keys %{ $said{$_} } } grep { keys %{ $said{$_} } > 1 } sort keys %said), '', 'in the same words on each route of a dialect');
    is(join(' ', uniq(map { /^HTTP\S+ (\d+)/ } map { keys %$_ } map { $said{$_} } grep { !/organization/ } keys %said)), '401', 'which is 401');
};

# --- what is public -------------------------------------------------------------------------------

# Of each public route that takes a secret: what is tried, by name; what is none; a good one; the route; how it is asked.
my $here = 'http://127.0.0.1';
my ($app, $their_app) = map { client($t, redirect_uris => 'https://app.example/cb', @$_) } [ user => 'admin' ], [ org => 'Other', user => 'other' ];
my ($granted, $their_granted) = (session($t, $token, $app), session($t, $t->other, $their_app));
my $as_app = sub { (body => form(@_, client_id => $app->{id}, client_secret => $app->{secret}), type => 'application/x-www-form-urlencoded') };
my $as_cookie = sub { (headers => [ Origin => $here, Cookie => "thaw_session=$_[0]" ]) };
my %bearer = ((map { ($_ => $dead{$_}) } grep { defined $dead{$_} } keys %dead), "another tenant's" => $t->other, "of another tenant's application" => $their_granted->{access_token});
my %code = ("another application's" => OAuth::code($t, $t->other, $their_app));
$refresh{"another application's"} = $their_granted->{refresh_token};
my $good = OAuth::code($t, $token, $app);
my @public = (
    [ \%refresh, 'x', login('quitter')->{refresh_token}, 'POST /api/auth/refresh', sub { (body => { refresh_token => $_[0] }) } ],
    [ \%refresh, 'x', login('quitter')->{refresh_token}, 'POST /api/v1/auth/refresh', sub { (body => { refreshToken => $_[0] }) } ],
    [ \%refresh, 'x', $granted->{refresh_token}, 'POST /multipass/api/oauth2/token', sub { $as_app->(grant_type => 'refresh_token', refresh_token => $_[0]) } ],
    [ \%code, 'x', $good, 'POST /multipass/api/oauth2/token', sub { $as_app->(grant_type => 'authorization_code', code => $_[0], redirect_uri => 'https://app.example/cb', code_verifier => $OAuth::VERIFIER) } ],
    [ { %bearer, map { ("a refresh token $_" => $refresh{$_}) } grep { !/access/ } keys %refresh }, 'x', $granted->{access_token}, 'POST /multipass/api/oauth2/introspect', sub { $as_app->(token => $_[0]) } ],
    [ { %bearer, map { ("a refresh token $_" => $refresh{$_}) } grep { !/access/ } keys %refresh }, 'x', undef, 'POST /multipass/api/oauth2/revoke_token', sub { $as_app->(token => $_[0]) } ],
    [ \%cookie, 'x', $cookie, 'POST /console/session/refresh', $as_cookie ],
    [ \%cookie, 'x', undef, 'DELETE /console/session', $as_cookie ],
    [ \%cookie, 'x', undef, 'POST /console/session/password', sub { ($as_cookie->($_[0]), body => { current_password => $t->password('quitter'), password => 'a new password' }) } ],
    [ { %cookie, 'an access token' => $token }, 'x', undef, 'POST /console/password', sub { (body => { token => $_[0], password => 'a new password' }, headers => [ Origin => $here ]) } ],
    [ { leaver => 'leaver' }, 'nobody', 'quitter', 'POST /api/auth/login', sub { (body => { username => $_[0], password => $t->password($_[0]) // 'x' }) } ],
    [ { leaver => 'leaver' }, 'nobody', 'quitter', 'POST /api/v1/auth/login', sub { (body => { email => "$_[0]\@main.example", password => $t->password($_[0]) // 'x' }) } ],
    [ { leaver => 'leaver' }, 'nobody', 'quitter', 'POST /console/session', sub { (body => { email => "$_[0]\@main.example", password => $t->password($_[0]) // 'x' }, headers => [ Origin => $here ]) } ],
);
# What takes none tells the same to all.
my %OPEN = map { ("GET $_" => 1) } qw(/api/v2/version /api/v2/ping /multipass/api/oauth2/authorize /multipass/api/oauth2/keys /.well-known/oauth-authorization-server /.well-known/oauth-authorization-server/{issuer_path}
    /health /version /api/3.0/mlflow/server-info /healthz /readyz /metrics /openapi.json /docs /docs/api /docs/guides /docs/errors /docs/api/{api} /docs/guides/{guide} /docs/errors/{code});

subtest "what is public takes no secret that is no more, and none of another's" => sub {
    my %knows = (%OPEN, map { $_->[3] => 1 } @public);
    is(join(', ', grep { !$knows{$_} } map { name_of($_) } grep { $_->{permission} eq 'public' } @all), '', 'each public route is in @public or in %OPEN of t/36-tenancy.t');
    my $ask = sub { my ($case, $secret) = @_; my ($method, $path) = split ' ', $case->[3]; plain($t->req($method => $path, $case->[4]->($secret)), {}) =~ s/^Content-Length: \d+\r\n//mr };
    unchanged($t, 'by none of them', sub {
        for my $case (@public) { is($ask->($case, $case->[0]{$_}), $ask->($case, $case->[1]), "$case->[3]: $_ is as one that is none") for sort keys %{ $case->[0] } }
    });
    for my $case (grep { defined $_->[2] } @public) { isnt($ask->($case, $case->[2]), $ask->($case, $case->[1]), "$case->[3]: a good one is not") }
    is($t->req(GET => $MODELS, token => $_)->{status}, 200, 'and what another asked to have revoked is good still') for $their_granted->{access_token}, $t->other;
};

# --- what is particular to one ------------------------------------------------------------------------

# The bytes of a reply but for the request id and the time.
sub bytes { plain($_[0], {}) }

subtest 'a local model is there for those it is shared with' => sub {
    # The dialect that makes models local is another one; here one is made so.
    my $local = model($t, name => 'A local one');
    my $where = "organization_id = UNHEX('" . hex_of($local->{organization_id}) . "') AND id = UNHEX('" . hex_of($local->{id}) . "')";
    $t->sql("UPDATE models SET is_global = 0 WHERE $where");
    $t->recount;
    my %id = (none => $t->user('stranger'), OBSERVER => $t->user('observer'), USER => $t->user('userly'), OWNER => $t->user('owner'));
    my %token = map { $_->[0] => $t->token($_->[1]) } [ none => 'stranger' ], [ OBSERVER => 'observer' ], [ USER => 'userly' ], [ OWNER => 'owner' ];
    my %grant = (OBSERVER => 1, USER => 2, OWNER => 3);
    my $share = sub {
        my ($grantee, $role) = @_;
        $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, UNHEX('" . hex_of($grantee) . "'), $role, UTC_TIMESTAMP(6) FROM models WHERE $where");
    };
    $share->($id{$_}, $grant{$_}) for sort keys %grant;
    my $unknown = get($t, $NOWHERE, token => $token{none});
    is(bytes(get($t, $local->{id}, token => $token{none})), bytes($unknown), 'without a grant it is as unknown as none');
    is(bytes(act($t, $local->{id}, 'archive', token => $token{none})), bytes(act($t, $NOWHERE, 'archive', token => $token{none})), 'for writing too');
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
    for my $now (qw(admin member admin reader)) {    # in a process that has just known them as somebody else
        $t->must('user', 'role', 'stranger', $now);
        my $all = $now eq 'admin' ? 1 : 0;
        for ('?search=local', '?search=local&status=draft') {
            my $r = $t->req(GET => "$MODELS$_", token => $token{none});
            is("$r->{status} $r->{json}{total} " . @{ $r->{json}{items} }, "200 $all $all", "from now on a $now, who finds as many by $_");
        }
    }
    is(bytes(get($t, $local->{id}, token => $t->other)), bytes($unknown), 'but not one of another organization');

    $share->($local->{organization_id}, 1);
    is(get($t, $local->{id}, token => $token{none})->{status}, 200, 'shared with the organization: everybody in it reads');
    is($sees->($token{none}, '?search=local'), 1, 'and lists');
    error_is(act($t, $local->{id}, 'archive', token => $token{none}), 403, 'PERMISSION_DENIED', 'and no more');
    is($sees->($token{OWNER}, '?search=local'), 1, 'with two grants it is still one model');
    is($t->req(GET => "$MODELS?search=local&page=2", token => $token{OWNER})->{json}{total}, 1, 'and counts once');
    is(bytes(get($t, $local->{id}, token => $t->other)), bytes($unknown), 'another organization sees nothing');
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

subtest 'who imports chooses the id of the project, which they may have too' => sub {
    my @as = (token => $t->other);
    imported($t, @as);
    my ($project) = $t->sql("SELECT LOWER(HEX(id)), name FROM run_projects WHERE organization_id = (SELECT organization_id FROM principals WHERE username = 'other')");
    is(imported($t, project => $project->[0], projectName => 'ours')->{projectId}, $project->[0], 'a project under the id of theirs');
    is(reg($t, GET => "projects/$project->[0]/")->{json}{projectName}, 'ours', 'is another one');
    is(reg($t, GET => "projects/$project->[0]/", @as)->{json}{projectName}, $project->[1], 'beside theirs');
    is(scalar @{ reg($t, GET => "projects/$project->[0]/models/", @as)->{json} }, 1, 'which has no more in it');
};

$t->finish;
