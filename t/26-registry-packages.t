#!/usr/bin/perl
# Model packages through the registry dialect: how they are made (from JSON, from the
# leaderboard, from a custom model), each of their fields, the list with its filters,
# archiving, capabilities, features, logs; and the conventions of every endpoint.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Registry;

my $t = Thaw->new(workers => 4);
my $token = $t->admin;
$t->$_ for qw(reader member other);
my $SAMPLE_ID = 'mdl-65f0c0ffee5eed0123456789';
my @CAPABLE = map { $_->{name} } @{ $SCHEMA{S9}{fields} };
sub package_of { my ($id, %o) = @_; return e($t, 'E4', { id => $id }, %o) }
sub json_of { my ($route, $body, %o) = @_; return reg($t, POST => "modelPackages/$route/", body => $body, %o) }

subtest 'the checker sees what is wrong' => sub {
    is(scalar(grep { /^S\d+$/ } keys %SCHEMA), 37, 'given the 37 schemas of the document');
    is(scalar keys %ENDPOINT, 19, 'and its 19 endpoints');
    for my $name (sort keys %SCHEMA) {
        my $good = sample($name);
        is(join("\n", fits($name, $good)), '', "$name $SCHEMA{$name}{name}: what fits has no fault");
        my @missed;
        for my $f (@{ $SCHEMA{$name}{fields} }) {
            my $at = $f->{name};
            my %less = %$good;
            my $had = delete $less{$at};
            push @missed, "$at missing" if $f->{kind} ne 'o' && !grep { /^\Q$at\E: missing/ } fits($name, \%less);
            push @missed, "$at null" if !$f->{null} && !grep { /^\Q$at\E: null/ } fits($name, { %$good, $at => undef });
            my @wrong = $f->{type} eq 'any' ? () : $f->{type} =~ /^(?:int|number)$/ ? ('7', true) : $f->{type} eq 'bool' ? (1, 'true') : $f->{type} =~ /^\[|^[A-Z]/ ? ('x') : (7, true, [ 'x' ]);
            push @missed, "$at as " . json($_) for grep { my $v = $_; !grep { /^\Q$at\E[.:[]/ } fits($name, { %$good, $at => $v }) } @wrong;
        }
        push @missed, 'another key' if !$SCHEMA{$name}{open} && !grep { /^other: unknown/ } fits($name, { %$good, other => 1 });
        is("@missed", '', 'and what does not fit has one');
    }
    is(join(' ', fits('S24', { %{ sample('S24') }, predictionThreshold => 1.5 })), 'predictionThreshold: 1.5, above 1', 'a bound');
    is(join(' ', fits('S34', { operation => 'updateRoles', roles => [] })), 'roles: 0, below 1', 'a number of items');
    is(join(' ', fits('S34', { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'x' } ] })), '', 'one of two schemas');
};

# --- conventions ------------------------------------------------------------------------

# One of everything, for the endpoints that read.
my $p = eval { external($t, name => 'The first', registeredModelName => 'The first model') } // do { fail('a package can be made'); diag($@); $t->finish; exit };
my %ids = (id => $p->{id});
sub ids_for { $ENDPOINT{ $_[0] }{path} =~ /^registeredModels/ ? { id => $p->{registeredModelId}, vid => $p->{id} } : \%ids }

# The document's own requests: its headers, its sample bodies with the ids filled in.
scene 'the requests of the document, by curl' => sub {
    plan skip_all => 'no curl' if system('command -v curl >/dev/null');
    my $old = external($t);
    my %to = (E5 => { id => external($t)->{id} }, E11 => { id => external($t)->{registeredModelId} }, E13 => { id => $old->{registeredModelId} }, E16 => { id => $old->{registeredModelId} });
    my $board = imported($t)->{modelId};
    my %sample = (E2 => qq({"computeAllTsIntervals":null,"description":"","distributionPredictionModelId":null,"modelId":"$board","name":null,"predictionThreshold":1}),
        E3 => qq({"description":"","distributionPredictionModelId":null,"modelId":"$board","name":null,"predictionThreshold":1}), E13 => '{"description":"string","isGlobal":true,"name":"string"}',
        E16 => '{"operation":"updateRoles","roles":[{"role":"USER","shareRecipientType":"user","username":"member"}]}');
    my %query = (E7 => '?offset=0&limit=50', E9 => '?offset=0&limit=10', E15 => '?offset=0&limit=10');
    for my $no (sort { substr($a, 1) <=> substr($b, 1) } keys %ENDPOINT) {
        my ($e, $ids) = ($ENDPOINT{$no}, $to{$no} // ids_for($no));
        my $url = "$t->{url}$API/$e->{path}" =~ s/\{(\w+)\}/$ids->{$1}/ger . ($query{$no} // '');
        my $r = curl($t, qq(-X $e->{method} '$url' -H "Accept: application/json" -H "Authorization: Bearer $token") . ($sample{$no} ? qq( -H "Content-Type: application/json" -d '$sample{$no}') : ''));
        answered($r, $no, "$e->{method} $e->{path}");
    }
};

scene 'every endpoint: auth, slashes, content type' => sub {
    for my $no (sort { substr($a, 1) <=> substr($b, 1) } keys %ENDPOINT) {
        my $e = $ENDPOINT{$no};
        unchanged($t, $no, sub {
            my $r = e($t, $no, ids_for($no), token => undef);
            refused($r, 401, qr/Authorization|credentials/i, "$no: given no credentials, then 401");
            refused(e($t, $no, ids_for($no), token => 'nonsense'), 401, undef, "$no: given a wrong one, then 401");
        });
        next if $e->{method} ne 'GET';
        my $r = e($t, $no, ids_for($no));
        answered($r, $no, 'given a token');
        for my $as ("Bearer $token", "Token $token", "token $token") {
            is(e($t, $no, ids_for($no), token => undef, headers => [ Authorization => $as ])->{body}, $r->{body}, 'given it as ' . substr($as, 0, 7) . ', then the same');
        }
        my $path = "$API/$e->{path}" =~ s/\{(\w+)\}/ids_for($no)->{$1}/ger;
        for my $spelled ($path =~ s{/$}{}r, $path =~ s{^/api/v2/}{/api/v2//}r) {
            my $same = $t->req(GET => $spelled, token => $token);
            is("$same->{status} $same->{body}", "200 $r->{body}", "given $spelled, then answered directly, never redirected");
        }
        is($r->{headers}{'content-type'}, 'application/json', 'Content-Type without a charset');
    }
    is(json_of(fromJSON => json({ name => 'charset', target => { name => 'y', type => 'Regression' } }), headers => [ 'Content-Type' => 'application/json; charset=utf-8' ])->{status}, 201, 'a charset is allowed in a request');
    # The Terraform provider sends a content type with every GET, the GitHub Action a body.
    is(reg($t, GET => 'modelPackages/', headers => [ 'Content-Type' => 'application/json' ])->{status}, 200, 'given a GET with a content type');
    is(reg($t, GET => 'modelPackages/', body => { modelId => $p->{modelId}, forChallenger => false, limit => 100 })->{status}, 200, 'given a GET with a body, then not 400');
};

scene 'addresses' => sub {
    for my $path ('nothing/', 'modelPackages/x/nothing/', 'modelPackage/', '') {
        my $r = reg($t, GET => $path);
        refused($r, 404, undef, "given $API/$path, then 404");
        is($r->{json}{message}, 'Not Found', 'Not Found');
    }
    for my $case ([ PUT => 'registeredModels/', qr/\bGET\b/ ], [ POST => "modelPackages/$p->{id}/", qr/\bGET\b/ ],
        [ GET => "modelPackages/$p->{id}/archive/", qr/\bPOST\b/ ], [ POST => "registeredModels/$p->{registeredModelId}/", qr/\bPATCH\b.*\bDELETE\b|\bDELETE\b.*\bPATCH\b/ ]) {
        my $r = reg($t, $case->[0] => $case->[1]);
        refused($r, 405, undef, "given $case->[0] $case->[1], then 405");
        like($r->{headers}{allow}, $case->[2], 'with Allow');
    }
    # ids: 24 lower-case hex; anything else is not found
    for my $no (qw(E4 E5 E6 E7 E8 E9 E11 E12 E13 E14 E15 E16 E17 E18 E19)) {
        my $body = $no eq 'E13' ? { description => 'x' } : $no eq 'E16' ? { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'member' } ] } : undef;
        unchanged($t, $no, sub {
            my %seen;
            for my $id ($NO_ID, 'x', uc $p->{id}, substr($p->{id}, 1), "$p->{id}0", $SAMPLE_ID) {
                my $r = e($t, $no, { id => $id, vid => $id }, body => $body);
                refused($r, 404, undef, "$no: given $id, then 404");
                $seen{ $r->{body} =~ s/\Q$id\E//r }++;
            }
            is(scalar keys %seen, 1, "$no: each in the same words");
        });
        refused(e($t, $no, ids_for($no), body => $body, token => $t->other), 404, undef, "$no: given another organization's, then 404, never 403");
    }
    refused(e($t, 'E18', { id => $p->{registeredModelId}, vid => external($t)->{id} }), 404, undef, "given another model's version, then 404");
    refused(e($t, 'E19', { id => $p->{registeredModelId}, vid => external($t)->{id} }), 404, undef, 'and of its deployments');
};

scene 'bodies' => sub {
    my $model = imported($t)->{modelId};
    my %right = (E2 => { modelId => $model }, E3 => { modelId => $model }, E13 => { description => 'x' },
        E16 => { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'member' } ] });
    for my $no (sort keys %right) {
        unchanged($t, $no, sub {
            my $r = e($t, $no, ids_for($no), body => { %{ $right{$no} }, bogus => 1 });
            refused($r, 422, qr/not allowed key/, "$no: given an unknown key, then 422", 'bogus');
            like($r->{json}{message}, qr/^Invalid field data/, 'Invalid field data');
            refused(e($t, $no, ids_for($no), body => '{"modelId":'), 400, undef, "$no: given malformed JSON, then 400");
            refused(e($t, $no, ids_for($no), body => 'a=b', headers => [ 'Content-Type' => 'application/x-www-form-urlencoded' ]), 415, undef, "$no: given another type, then 415");
        });
    }
    unchanged($t, 'empty bodies', sub {
        refused(e($t, $_, ids_for($_), body => {}), 422, undef, "$_: given an empty object, then 422") for qw(E2 E3 E16);
        refused(e($t, $_, ids_for($_)), 422, undef, "$_: given no body, then 422") for qw(E2 E3 E16);
    });
    my $before = registered($t, $p->{registeredModelId});
    my $r = e($t, 'E13', ids_for('E13'), body => {});
    answered($r, 'E13', 'given an empty object, then nothing is changed');
    is($r->{json}{modifiedAt}, $before->{modifiedAt}, 'nor is it modified');
    is(json_of(fromJSON => { name => 'nulls', target => { name => 'y', type => 'Regression', classNames => undef, predictionThreshold => undef, predictionProbabilitiesColumn => undef },
        map { $_ => undef } qw(modelId registeredModelId modelDescription datasets timeseries registeredModelName registeredModelDescription tags registeredModelTags geospatialMonitoring) })->{status}, 201, 'null is the same as not given');
    refused(json_of(fromJSON => { name => 'large', target => { name => 'y', type => 'Regression' }, bogus => 'x' x 2_000_000 }), 413, undef, 'given a body too large, then 413');
    is(json_of(fromJSON => { name => 'lenient', target => { name => 'y', type => 'Regression' }, bogus => 1 })->{status}, 201, 'the supporting routes let an unknown key be');
};

scene 'queries' => sub {
    for my $no (sort grep { %{ $ENDPOINT{$_}{query} } } keys %ENDPOINT) {
        my ($query, $bad) = ($ENDPOINT{$no}{query}, $no eq 'E1' ? 400 : 422);
        is(e($t, $no, ids_for($no), query => 'bogus=1&x')->{status}, 200, "$no: given an unknown parameter, then it is ignored");
        for my $name (sort keys %$query) {
            my $type = $query->{$name}{type};
            my @wrong = $type eq 'int' ? qw(-1 x 1.5 99999999999999999999) : $type eq 'bool' ? qw(x 2) : $type eq 'number' ? qw(x 1.0.0) : $type eq 'time' ? qw(x 2026-13-01 yesterday) : $type =~ /\|/ ? qw(x) : $type eq 'id' ? ('x', uc $NO_ID) : ();
            refused(e($t, $no, ids_for($no), query => "$name=$_"), $bad, undef, "$no: given $name=$_, then $bad", $name) for @wrong;
            next if $type !~ /\|/;
            is(e($t, $no, ids_for($no), query => "$name=$_")->{status}, 200, "$no: given $name=$_") for split /\|/, $type;
        }
        for my $name (grep { $query->{$_}{type} eq 'bool' } sort keys %$query) {
            is(e($t, $no, ids_for($no), query => "$name=$_")->{status}, 200, "$no: given $name=$_") for qw(true false True False 1 0);
        }
        is(scalar @{ e($t, $no, ids_for($no), query => 'limit=0')->{json}{data} }, e($t, $no, ids_for($no))->{json}{totalCount}, "$no: given limit=0, then all");
        is(e($t, $no, ids_for($no), query => 'limit=5000')->{status}, 200, "$no: given a limit above the cap, then it is clamped");
        my $r = e($t, $no, ids_for($no), query => 'offset=5000');
        is(json([ $r->{json}{count}, $r->{json}{data}, $r->{json}{next} ]), '[0,[],null]', "$no: given an offset beyond the end, then an empty page");
    }
};

# --- from JSON ----------------------------------------------------------------------------

scene 'from JSON: nothing but a name and a target' => sub {
    my $r = json_of(fromJSON => { name => 'Least', target => { name => 'churn', type => 'Regression' } });
    is($r->{status}, 201, 'then 201');
    my $v = $r->{json};
    fits_ok(S21 => $v, 'the package');
    is($v->{name}, 'Least', 'name');
    is($v->{modelExecutionType}, 'external', 'external');
    is($v->{buildStatus}, 'complete', 'complete at once');
    is($v->{modelId}, $v->{id}, 'modelId: the version itself');
    is($v->{modelDescription}{modelName}, $v->{modelId}, 'modelName: the modelId');
    is($v->{modelDescription}{buildEnvironmentType}, 'Other', 'buildEnvironmentType: Other');
    is(json([ map { $v->{timeseries}{$_} } qw(isNewSeriesSupport isTraditionalTimeSeries datetimeColumnName forecastDistances) ]), '[null,null,null,[]]', 'timeseries is present with nulls, and an empty list');
    unlike(json($v->{modelKind}), qr/true/, 'of no particular kind');
    is($v->{activeDeploymentCount} . json([ @$v{qw(isArchived isDeprecated stage tags registeredModelVersion)} ]), '0[false,false,"Registered",[],1]', 'neither deployed nor archived, Registered, version 1');
    is(json([ @{ $v->{permissions} } ]), '["CAN_VIEW","CAN_EDIT","CAN_SHARE","CAN_ARCHIVE","CAN_SHARE_OWNERSHIP"]', 'its owner may all five');
    is(json([ @{ $v->{target} }{qw(name type classCount classNames predictionThreshold)} ]), '["churn","Regression",null,[],null]', 'target');
    is("$v->{importMeta}{creatorId} $v->{importMeta}{creatorUsername}", hex_of(usr($t, 'admin')) . ' admin', 'importMeta: who made it');
    is($v->{importMeta}{originalFileName}, undef, 'imported models only');
    is($v->{updatedBy}{email}, 'admin@main.example', 'updatedBy');
    is(json([ @{ $v->{sourceMeta} }{qw(projectId projectName environmentUrl)} ]), '[null,null,null]', 'sourceMeta: of no project');
    ok(!exists $v->{$_}, "$_ is left out") for qw(userProvidedId textGeneration);
    ok(!exists $v->{datasets}{$_}, "datasets.$_ is left out when unknown") for qw(targetHistogramBaseline trainingDataSize);
    ok(!exists $v->{sourceMeta}{$_}, "sourceMeta.$_ is left out") for qw(customModelDetails useCaseDetails);
    is(package_of($v->{id})->{body}, $r->{body}, 'E4 gives the same bytes');
    is(e($t, 'E18', { id => $v->{registeredModelId}, vid => $v->{id} })->{body}, $r->{body}, 'so does E18: one record, one id, two routes');
    my $m = registered($t, $v->{registeredModelId});
    fits_ok(S30 => $m, 'a registered model was made');
    is($m->{name}, 'Least', 'named like the package');
    is($m->{lastVersionNum}, 1, 'of one version');
    is(json($m->{target}), '{"name":"churn","type":"Regression"}', 'of its target');
    is(json([ @$m{qw(isGlobal isArchived description)} ]), '[false,false,""]', 'local, not archived; a description is a string, always');
};

scene 'from JSON: everything' => sub {
    my $body = { name => 'Most', modelId => '0123456789abcdef01234567', target => { name => 'churned', type => 'Binary', classNames => [ 'yes', 'no' ], predictionThreshold => 0.25, predictionProbabilitiesColumn => 'p_yes' },
        modelDescription => { description => 'described', location => 's3://here', modelName => 'A forest', buildEnvironmentType => 'Python' },
        datasets => { trainingDataCatalogId => '1' x 24, trainingDataCatalogVersionId => '2' x 24, holdoutDataCatalogId => '3' x 24, holdoutDataCatalogVersionId => undef },
        registeredModelName => 'Most of all', registeredModelDescription => 'a model', tags => [ { name => 'team', value => 'risk' }, { name => 'tier', value => '' } ],
        registeredModelTags => [ { name => 'owner', value => 'me' } ], geospatialMonitoring => { primaryLocationColumn => 'geom' } };
    my $r = json_of(fromJSON => $body);
    is($r->{status}, 201, 'then 201') or diag $r->{raw};
    my $v = $r->{json};
    fits_ok(S21 => $v, 'the package');
    is($v->{modelId}, '0123456789abcdef01234567', 'modelId as sent');
    is(json($v->{target}), json({ name => 'churned', type => 'Binary', classNames => [ 'yes', 'no' ], classCount => 2, predictionThreshold => 0.25, predictionProbabilitiesColumn => 'p_yes' }), 'target');
    is(json([ @{ $v->{modelDescription} }{qw(description location modelName buildEnvironmentType)} ]), '["described","s3://here","A forest","Python"]', 'modelDescription');
    is(json([ @{ $v->{datasets} }{qw(trainingDataCatalogId trainingDataCatalogVersionId holdoutDataCatalogId holdoutDataCatalogVersionId)} ]), json([ map({ $_ x 24 } 1 .. 3), undef ]), 'datasets');
    is(json([ sort map { "$_->{name}=$_->{value}" } @{ $v->{tags} } ]), '["team=risk","tier="]', 'tags');
    my $m = registered($t, $v->{registeredModelId});
    is("$m->{name}|$m->{description}", 'Most of all|a model', 'the model by its name and description');
    for my $type (qw(DataRobot Python R Java Julia Legacy Other)) {
        is(external($t, modelDescription => { buildEnvironmentType => $type })->{modelDescription}{buildEnvironmentType}, $type, "buildEnvironmentType $type");
    }
    my @names = map { "class $_" } 1 .. 120;
    my $many = external($t, target => { name => 'y', type => 'Multiclass', classNames => \@names });
    fits_ok(S21 => $many, 'of 120 classes');
    is($many->{target}{classCount} . ' ' . @{ $many->{target}{classNames} } . " $many->{target}{classNames}[99]", '120 100 class 100', 'the names are limited to 100, the count is true');
    for my $type (qw(Binary Regression Multiclass Multilabel TextGeneration GeoPoint Anomaly Unstructured)) {
        my $v = external($t, target => { name => 'y', type => $type, $type =~ /^(?:Binary|Multi)/ ? (classNames => [ 'a', 'b' ]) : () });
        fits_ok(S21 => $v, $type);
        is($v->{target}{type}, $type, 'of that type');
        is($v->{target}{predictionThreshold}, $type eq 'Binary' ? 0.5 : undef, 'predictionThreshold: 0.5 when omitted for binary, else none');
    }
};

scene 'from JSON: time series' => sub {
    my $times = { datetimeColumnName => 'at', datetimeColumnFormat => '%Y-%m-%d', featureDerivationWindowStart => -14, featureDerivationWindowEnd => 0, effectiveFeatureDerivationWindowStart => -14,
        effectiveFeatureDerivationWindowEnd => 0, forecastDistances => [ 1, 2, 7 ], forecastDistancesTimeUnit => 'DAY', forecastDistanceColumnName => 'distance', forecastPointColumnName => 'point', isCrossSeries => true };
    my $one = external($t, timeseries => $times);
    fits_ok(S21 => $one, 'given time series settings');
    is(json([ @{ $one->{modelKind} }{qw(isTimeSeries isMultiseries)} ]), '[true,false]', 'then it is time series');
    is(json($one->{timeseries}{$_}), json($times->{$_}), "$_ as sent") for sort keys %$times;
    is(json([ @{ $one->{timeseries} }{qw(isNewSeriesSupport isTraditionalTimeSeries)} ]), '[false,false]', 'neither for new series nor traditional, unless it is said');
    my $more = external($t, timeseries => { %$times, seriesColumnName => 'store' });
    is(json([ @{ $more->{modelKind} }{qw(isTimeSeries isMultiseries)} ]), '[true,true]', 'given a series column, then multiseries');
    is($more->{timeseries}{seriesColumnName}, 'store', 'and it is shown');
    for my $unit (qw(MICROSECOND MILLISECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR)) {
        is(external($t, timeseries => { %$times, forecastDistancesTimeUnit => $unit })->{timeseries}{forecastDistancesTimeUnit}, $unit, $unit);
    }
    unchanged($t, 'what is refused', sub {
        my $try = sub { my ($name, $value) = @_; json_of(fromJSON => { name => 'n', target => { name => 'y', type => 'Regression' }, timeseries => { %$times, $name => $value } }) };
        refused($try->(@$_), 422, undef, "given $_->[0] " . json($_->[1]) . ', then 422') for [ featureDerivationWindowEnd => 1 ], [ featureDerivationWindowStart => 3 ], [ effectiveFeatureDerivationWindowEnd => 1 ],
            [ forecastDistances => '1' ], [ forecastDistances => [ '1' ] ], [ forecastDistancesTimeUnit => 'FORTNIGHT' ], [ isCrossSeries => 'yes' ];
    });
};

scene 'from JSON: what is refused' => sub {
    my %good = (name => 'n', target => { name => 'y', type => 'Binary', classNames => [ 'a', 'b' ] });
    unchanged($t, 'all of it', sub {
        for my $case ([ { name => undef }, 'null', 'name' ], [ { name => '' }, 'empty', 'name' ], [ { name => 5 }, 'a number', 'name' ], [ { name => 'x' x 1025 }, 'too long', 'name' ],
            [ { target => undef }, 'null', 'target' ], [ { target => 'y' }, 'a string', 'target' ], [ { target => { type => 'Regression' } }, 'without a name' ], [ { target => { name => 'y' } }, 'without a type' ],
            [ { target => { name => 'y', type => 'binary' } }, 'an unknown type' ], [ { target => { name => 'y', type => 'Binary', classNames => [ 'a' ] } }, 'one class' ],
            [ { target => { name => 'y', type => 'Binary', classNames => [ 'a', 'b', 'c' ] } }, 'three classes' ], [ { target => { %{ $good{target} }, predictionThreshold => 1.01 } }, 'a threshold above 1' ],
            [ { target => { %{ $good{target} }, predictionThreshold => -0.01 } }, 'a threshold below 0' ], [ { target => { %{ $good{target} }, predictionThreshold => '0.5' } }, 'a threshold that is a string' ],
            [ { target => { name => 'y', type => 'Regression', predictionThreshold => 0.5 } }, 'a threshold of no binary target' ], [ { modelDescription => { description => 'x' x 2049 } }, 'a description of 2049' ],
            [ { modelDescription => { location => 'x' x 2049 } }, 'a location of 2049' ], [ { modelDescription => { modelName => 'x' x 513 } }, 'a modelName of 513' ],
            [ { modelDescription => { buildEnvironmentType => 'Cobol' } }, 'an unknown environment' ], [ { geospatialMonitoring => {} }, 'no location column' ],
            [ { tags => [ { value => 'x' } ] }, 'a tag without a name' ], [ { tags => 'x' }, 'tags that are no list' ], [ { registeredModelName => 'a', registeredModelId => $p->{registeredModelId} }, 'a new model and an old one' ],
            [ { registeredModelId => $NO_ID }, 'an unknown model' ], [ { registeredModelId => 'x' }, 'no id' ], [ { registeredModelName => 'x' x 1025 }, 'a name too long' ], [ { registeredModelName => 'The first model' }, 'a name in use' ]) {
            my ($with, $what, $field) = @$case;
            my $r = json_of(fromJSON => { %good, %$with });
            is($r->{status}, 422, 'given ' . join(' ', keys %$with) . ", $what: then 422") or diag substr $r->{raw}, 0, 1000;
            refused($r, 422, undef, 'saying so', $field);
        }
        for my $missing (qw(name target)) {
            my %body = %good;
            delete $body{$missing};
            refused(json_of(fromJSON => \%body), 422, undef, "given no $missing, then 422", $missing);
        }
        refused(json_of(fromJSON => \%good, token => $t->reader), 403, undef, 'given a reader, then 403');
    });
    for my $limit (0, 1) {
        is(external($t, target => { %{ $good{target} }, predictionThreshold => $limit })->{target}{predictionThreshold}, $limit, "the bounds are inclusive: $limit");
    }
    is(external($t, name => 'x' x 1024)->{name}, 'x' x 1024, 'a name of 1024 characters');
};

# --- from the leaderboard -----------------------------------------------------------------

scene 'E2: from the leaderboard' => sub {
    my $m = imported($t, projectName => 'The project', modelType => 'Elastic Net');
    fits_ok(Imported => $m, 'given a leaderboard model');
    my $r = e($t, 'E2', {}, body => { modelId => $m->{modelId} });
    my $v = answered($r, 'E2', 'when a package is made of it');
    is($v->{buildStatus}, 'inProgress', 'then its build is in progress');
    is($v->{modelExecutionType}, 'dedicated', 'dedicated');
    is($v->{modelId}, $m->{modelId}, 'modelId');
    is($v->{name}, 'Elastic Net', "named as the model");
    is($v->{modelDescription}{modelName}, 'Elastic Net', 'modelName');
    is($v->{modelDescription}{buildEnvironmentType}, 'DataRobot', 'built by DataRobot');
    is("$v->{sourceMeta}{projectId} $v->{sourceMeta}{projectName}", "$m->{projectId} The project", 'sourceMeta: the project');
    is(json([ @{ $v->{target} }{qw(name type classNames classCount predictionThreshold)} ]), '["churn","Binary",["yes","no"],2,0.5]', 'target');
    like($r->{headers}{location}, qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/status/[^/]+/$}, 'Location: the job, absolute, whose seventh piece is its id');
    my $job = status_of($t, $r);
    is($job->{status}, 200, 'the job is not done');
    fits_ok(Status => $job->{json}, 'it says so');
    like($job->{json}{status}, qr/^(?:INITIALIZED|RUNNING)$/, 'running');
    refused(status_of($t, $r, token => $t->other), 404, undef, "it is nobody else's");
    refused(status_of($t, $r, token => undef), 401, undef, 'nor anybody\'s');

    built($t);
    my $end = status_of($t, $r);
    is($end->{status}, 303, 'when it was built, then 303');
    like($end->{headers}{location}, qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/.*/$v->{id}/$}, 'to the package: its id is the last piece but one');
    is($t->req(GET => path_of($end->{headers}{location}), token => $token)->{json}{id}, $v->{id}, 'which answers');
    is(status_of($t, $r)->{status}, 303, 'and stays so');
    is(package_of($v->{id})->{json}{buildStatus}, 'complete', 'the package is complete');
    is(built($t)->{exit}, 0, 'with nothing queued the worker ends');

    my $full = from_leaderboard($t, $m->{modelId}, name => 'Named', description => 'Described', predictionThreshold => 0, registeredModelName => 'A new one', registeredModelDescription => 'of it',
        tags => [ { name => 'a', value => 'b' } ], registeredModelTags => [ { name => 'c', value => 'd' } ], computeAllTsIntervals => undef, distributionPredictionModelId => undef);
    fits_ok(S21 => $full, 'given everything');
    is(join('|', $full->{name}, @{ $full->{modelDescription} }{qw(description)}, $full->{target}{predictionThreshold}, registered($t, $full->{registeredModelId})->{description}), 'Named|Described|0|of it', 'as sent');
    my $next = from_leaderboard($t, $m->{modelId}, registeredModelId => $full->{registeredModelId});
    is("$next->{registeredModelId} $next->{registeredModelVersion}", "$full->{registeredModelId} 2", 'given a model, then its next version');
    my $default = from_leaderboard($t, $m->{modelId}, name => undef, description => undef);
    is($default->{name}, 'Elastic Net', 'given a name of null, then the model\'s');
    is(from_leaderboard($t, $m->{modelId}, distributionPredictionModelId => imported($t)->{modelId})->{modelId}, $m->{modelId}, 'given a distribution model that exists');
};

scene 'E2: time series intervals' => sub {
    my %ts = (target => { name => 'sales', type => 'Regression' }, timeseries => { datetimeColumnName => 'at', forecastDistances => [ 1 ], forecastDistancesTimeUnit => 'DAY' },
        modelKind => { isTimeSeries => true, isMultiseries => false });
    my $m = imported($t, %ts)->{modelId};
    my ($with, $without) = map { from_leaderboard($t, $m, computeAllTsIntervals => $_)->{id} } true, false;
    built($t);
    my $v = package_of($with)->{json};
    fits_ok(S21 => $v, 'given all intervals asked for');
    is(json($v->{mlpkgFileContents}), '{"allTimeSeriesPredictionIntervals":true}', 'then they are in the package');
    isnt(json(package_of($without)->{json}{mlpkgFileContents}{allTimeSeriesPredictionIntervals}), 'true', 'and otherwise not');
    is(json([ @{ $v->{modelKind} }{qw(isTimeSeries isMultiseries)} ]), '[true,false]', 'modelKind as imported');
    is("$v->{timeseries}{datetimeColumnName} $v->{timeseries}{forecastDistances}[0]", 'at 1', 'so are the settings');
};

my @BOTH = ([ E2 => 'fromLeaderboard' ], [ E3 => 'fromLearningModel' ]);
scene 'E2, E3: what is refused' => sub {
    my ($binary, $regression, $theirs) = (imported($t)->{modelId}, imported($t, target => { name => 'y', type => 'Regression' })->{modelId}, imported($t, token => $t->other)->{modelId});
    external($t, registeredModelName => 'Mine already');
    my $kept = external($t, target => { name => 'other', type => 'Binary', classNames => [ 'yes', 'no' ] })->{registeredModelId};
    unchanged($t, 'all of it', sub {
        for my $case (@BOTH) {
            my ($no) = @$case;
            my $try = sub { my %with = @_; e($t, $no, {}, body => { modelId => $binary, %with }) };
            for ([ modelId => undef ], [ modelId => 5 ], [ modelId => [] ], [ description => 'x' x 2049 ], [ description => 5 ], [ name => 'x' x 1025 ], [ name => {} ], [ predictionThreshold => -0.001 ],
                [ predictionThreshold => 1.001 ], [ predictionThreshold => '0.5' ], [ predictionThreshold => undef ], [ distributionPredictionModelId => 7 ],
                $no eq 'E2' ? ([ computeAllTsIntervals => 'yes' ], [ computeAllTsIntervals => 1 ]) : ([ computeAllTsIntervals => true ])) {
                my ($name, $value) = @$_;
                refused($try->(@$_), 422, undef, "$no: given $name " . substr(json($value), 0, 20) . ', then 422', $name);
            }
            like($try->(distributionPredictionModelId => $NO_ID)->{status}, $no eq 'E2' ? qr/^422$/ : qr/^4(?:04|22)$/, "$no: given a distribution model that does not exist");
            refused($try->(modelId => $_), $no eq 'E2' ? 422 : 404, undef, "$no: given a model $_ that is unknown or not viewable, then " . ($no eq 'E2' ? 422 : 404)) for $NO_ID, 'x', $theirs;
            refused($try->(modelId => $regression, predictionThreshold => 0.5), 422, undef, "$no: given a threshold for a model that is not binary, then 422");
            refused(e($t, $no, {}, body => { modelId => $binary }, token => $t->reader), 403, undef, "$no: given who may not create packages, then 403");
            refused(e($t, $no, {}, body => { name => 'x' }), 422, undef, "$no: given no modelId, then 422", 'modelId');
        }
        my $try = sub { my %with = @_; e($t, 'E2', {}, body => { modelId => $binary, %with }) };
        refused($try->(registeredModelName => 'Mine already'), 422, qr/already in use|already exist/, 'E2: given a name in use, then 422');
        refused($try->(registeredModelName => 'a', registeredModelId => $p->{registeredModelId}), 422, undef, 'E2: given a new model and an old one, then 422');
        refused($try->(registeredModelId => $NO_ID), 422, undef, 'E2: given an unknown model, then 422');
        refused($try->(registeredModelId => $kept), 422, qr/target/i, 'E2: given a model of another target, then 422');
    });
    my $most = from_leaderboard($t, $binary, name => 'n' x 1024, description => 'd' x 2048, predictionThreshold => 1);
    is(length($most->{name}) . ' ' . length($most->{modelDescription}{description}) . " $most->{target}{predictionThreshold}", '1024 2048 1', 'the limits themselves are allowed');
};

scene 'E3: from a DataRobot model' => sub {
    my $m = imported($t);
    my $r = e($t, 'E3', {}, body => { modelId => $m->{modelId}, name => 'Learned', description => 'so', predictionThreshold => 0.75 });
    my $v = answered($r, 'E3', 'given a model');
    is(join('|', $v->{name}, $v->{modelDescription}{description}, $v->{target}{predictionThreshold}, $v->{modelExecutionType}), 'Learned|so|0.75|dedicated', 'as sent');
    is($v->{buildStatus}, 'complete', 'complete at once');
    like($r->{headers}{deprecation}, qr{fromLeaderboard}, 'Deprecation says which route to use');
    is(registered($t, $v->{registeredModelId})->{name}, 'Learned', 'it registers, too');
    is(e($t, 'E2', {}, body => { modelId => $m->{modelId} })->{headers}{deprecation}, undef, 'which is not deprecated itself');
};

scene 'from a custom model version' => sub {
    my $custom = custom_model($t, name => 'The custom one', userProvidedId => 'mine-1');
    my $version = custom_version($t, $custom->{id});
    my $r = json_of(fromCustomModelVersion => { customModelVersionId => $version->{id}, name => 'Custom package', description => 'of a version', registeredModelName => 'Custom registered', tags => [ { name => 'k', value => 'v' } ] });
    is($r->{status}, 201, 'then exactly 201') or diag $r->{raw};
    my $v = $r->{json};
    fits_ok(S21 => $v, 'the package');
    like($r->{headers}{location}, qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/status/[^/]+/$}, 'and a Location');
    is($v->{modelExecutionType}, 'custom_inference_model', 'custom_inference_model');
    is($v->{modelId}, $version->{id}, 'modelId is the id of the custom model version');
    is($v->{buildStatus}, 'inProgress', 'in progress');
    is($v->{userProvidedId}, 'mine-1', 'userProvidedId');
    is(json([ @{ $v->{target} }{qw(name type classNames)} ]), '["churn","Binary",["yes","no"]]', 'target: of the custom model, the positive class first');
    is("$v->{sourceMeta}{customModelDetails}{id} $v->{sourceMeta}{customModelDetails}{versionLabel}", "$custom->{id} $version->{label}", 'customModelDetails');
    is($v->{sourceMeta}{customModelDetails}{creatorEmail}, 'admin@main.example', 'whose');
    is(json([ map { "$_->{name}=$_->{value}" } @{ $v->{tags} } ]), '["k=v"]', 'tags');
    built($t);
    is(package_of($v->{id})->{json}{buildStatus}, 'complete', 'built: complete');
    is(status_of($t, $r)->{status}, 303, 'its job is done');
    is(join(' ', map { $_->{id} } @{ e($t, 'E1', {}, query => "modelId=$version->{id}")->{json}{data} }), $v->{id}, 'found by the id of the custom model version');

    my $llm = custom_model($t, targetType => 'TextGeneration', targetName => 'answer', map { $_ => undef } qw(positiveClassLabel negativeClassLabel));
    my $prompted = made_custom($llm, prompt => 'question');
    fits_ok(S21 => $prompted, 'of text generation');
    is($prompted->{textGeneration}{prompt}, 'question', 'its prompt');
    my $other = json_of(fromCustomModelVersion => { customModelVersionId => $version->{id}, name => 'no text', prompt => 'question' });
    refused($other, 422, undef, 'which is of text generation only', 'prompt');
    unchanged($t, 'what is refused', sub {
        refused(json_of(fromCustomModelVersion => {}), 422, undef, 'given no version, then 422', 'customModelVersionId');
        like(json_of(fromCustomModelVersion => { customModelVersionId => $NO_ID })->{status}, qr/^4(?:04|22)$/, 'given an unknown one');
        refused(json_of(fromCustomModelVersion => { customModelVersionId => $version->{id}, registeredModelName => 'Custom registered' }), 422, qr/already in use|already exist/, 'given a name in use, then 422');
        refused(json_of(fromCustomModelVersion => { customModelVersionId => $version->{id} }, token => $t->reader), 403, undef, 'given a reader, then 403');
    });
};
sub made_custom {
    my ($custom, %o) = @_;
    my $r = json_of(fromCustomModelVersion => { customModelVersionId => custom_version($t, $custom->{id})->{id}, %o });
    $r->{status} == 201 or die $r->{raw};
    return $r->{json};
}

scene 'a build that fails' => sub {
    my $custom = custom_model($t);
    my $version = custom_version($t, $custom->{id});
    my $r = json_of(fromCustomModelVersion => { customModelVersionId => $version->{id}, name => 'Never built' });
    is($r->{json}{buildStatus}, 'inProgress', 'given a package that is to be built');
    is(reg($t, DELETE => "customModels/$custom->{id}/")->{status}, 204, 'when what it is made from is deleted meanwhile');
    built($t);
    my $v = package_of($r->{json}{id})->{json};
    fits_ok(S21 => $v, 'then it is there');
    is($v->{buildStatus}, 'failed', 'and failed');
    my $job = status_of($t, $r);
    fits_ok(Status => $job->{json}, 'its job');
    is("$job->{status} $job->{json}{status}", '200 ERROR', 'says so, and leads nowhere');
    ok(length $job->{json}{message}, 'with the reason');
    is(join(' ', map { $_->{id} } @{ e($t, 'E1', {}, query => 'buildStatus=failed')->{json}{data} }), $v->{id}, 'buildStatus=failed finds it');
    is(join(' ', map { $_->{id} } @{ e($t, 'E10', {}, query => 'buildStatus=failed')->{json}{data} }), $v->{registeredModelId}, 'and its model');
    is(external($t, registeredModelId => $v->{registeredModelId}, target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] })->{registeredModelVersion}, 2, 'its number is not given again');
};

# --- the list and its filters -----------------------------------------------------------------

# Packages of an organization of their own, by letters; each in a model of its own.
my (%letter, %made, $lister);
sub letters { join '', map { $letter{ $_->{id} } // '?' } @{ $_[0]{data} } }
scene 'E1, E10: filters' => sub {
    $t->org('Filters');
    $t->user('lister', role => 'admin', org => 'Filters');
    $lister = $t->token('lister');
    my @with = (token => $lister);
    my %binary = (target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    my %times = (datetimeColumnName => 'at', forecastDistances => [ 1 ]);
    is(letters(e($t, 'E1', {}, @with)->{json}), '', 'given nothing, then an empty list');
    my $custom = custom_model($t, @with);
    my $custom_version = custom_version($t, $custom->{id}, @with);
    my $board = imported($t, @with, originalFileName => 'export.mlpkg', scoringCode => { location => 'local_leaderboard', dataRobotPredictionVersion => '2.0.1' });
    my @make = (
        a => sub { external($t, @with, name => '100% Alpha package', modelDescription => { modelName => 'Ridge', description => 'First of many' }) },
        b => sub { external($t, @with, name => 'Bravo', target => { %{ $binary{target} }, predictionThreshold => 0.3 }) },
        c => sub { external($t, @with, name => 'Charlie', target => { name => 'churn', type => 'Binary', classNames => [ 'no', 'yes' ] }) },
        d => sub { external($t, @with, name => 'Delta', target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'maybe' ] }) },
        e => sub { from_leaderboard($t, $board->{modelId}, @with, name => 'Echo') },
        f => sub { made_custom_with($custom_version->{id}, @with, name => 'Foxtrot') },
        g => sub { external($t, @with, name => 'Golf', timeseries => \%times) },
        h => sub { external($t, @with, name => 'Hotel', timeseries => { %times, seriesColumnName => 's' }) },
        i => sub { external($t, @with, name => 'India') },
        j => sub { external($t, @with, name => 'Juliett', target => { name => 'other', type => 'Binary', classNames => [ 'yes', 'no' ] }) });
    while (my ($letter, $make) = splice @make, 0, 2) {
        $made{$letter} = $make->();
        $letter{ $made{$letter}{id} } = $letter{ $made{$letter}{registeredModelId} } = $letter;
    }
    is(e($t, 'E5', { id => $made{i}{id} }, @with)->{status}, 204, 'and one is archived');
    my $list = sub { my ($no, $query) = @_; e($t, $no, {}, @with, query => $query) };
    my $envelope = answered($list->('E1', ''), 'E1', 'given them all');
    is(letters($envelope), 'jhgfedcba', 'newest first; archived packages never appear');
    is("$envelope->{count} $envelope->{totalCount} " . json([ @$envelope{qw(next previous)} ]), '9 9 [null,null]', 'count, totalCount, and no other page');
    is(letters($list->('E1', 'buildStatus=inProgress')->{json}), 'fe', 'buildStatus=inProgress, before they are built');
    is(letters($list->('E10', 'buildStatus=inProgress&sortKey=createdAt&sortDirection=desc')->{json}), 'fe', 'models too');
    built($t);

    my %env = map { $_ => environment($t, @with, supportedModelFormats => [ $_ ])->{id} } qw(externalModel customModel datarobotScoringCode datarobot);
    my @all = ([ 'search=ALPHA', 'a' ], [ 'search=100%25', 'a' ], [ 'search=0%25%25', '' ], [ 'predictionThreshold=0.3', 'b' ], [ 'predictionThreshold=0.5', 'jfedc' ], [ 'predictionThreshold=0', '' ],
        (map { [ "imported=$_", 'e' ] } qw(true True 1)), (map { [ "imported=$_", 'jhgfdcba' ] } qw(false False 0)),
        [ "predictionEnvironmentId=$env{externalModel}", 'jhgdcba' ], [ "predictionEnvironmentId=$env{customModel}", 'f' ], [ "predictionEnvironmentId=$env{datarobotScoringCode}", 'e' ], [ "predictionEnvironmentId=$env{datarobot}", 'e' ],
        [ 'modelKind=externalModel', 'jhgdcba' ], [ 'modelKind=customModel', 'f' ], [ 'modelKind=datarobot', 'e' ], [ 'modelKind=datarobotScoringCode', 'e' ], [ 'modelKind=isTimeSeries', 'hg' ], [ 'modelKind=isMultiseries', 'h' ],
        [ 'modelKind=dedicated', 'e' ], [ 'modelKind=custom_inference_model', 'f' ], [ 'modelKind=external', 'jhgdcba' ], [ 'modelKind=customModel&modelKind=datarobot', 'fe' ], [ 'modelKind=customModel,datarobot', 'fe' ],
        [ 'buildStatus=complete', 'jhgfedcba' ], [ 'buildStatus=inProgress', '' ], [ 'buildStatus=failed', '' ], [ 'forChallenger=true', 'jhgfedcba' ], [ 'predictionThreshold=0.5&imported=true', 'e' ],
        [ 'modelKind=external&predictionThreshold=0.5&search=e', 'jdc' ]);
    for my $case (@all) {
        my ($query, $want) = @$case;
        my $r = $list->('E1', $query);
        is(letters($r->{json}), $want, "E1: given $query") or diag substr $r->{raw}, 0, 300;
        is($r->{json}{totalCount}, length $want, 'counted');
        # Of models `search` looks at the name alone, and here each has its package's. One
        # whose last version is archived stays; whether that version is looked at is open.
        $r = $list->('E10', "$query&sortKey=createdAt&sortDirection=desc");
        is(letters($r->{json}) =~ s/i//r, $want, "E10: given $query");
        is($r->{json}{totalCount}, length letters($r->{json}), 'counted');
    }
    is(letters($list->('E1', $_->[0])->{json}), $_->[1], "E1: given $_->[0]") for [ 'search=ridge', 'a' ], [ 'search=of+many', 'a' ], [ "modelId=$board->{modelId}", 'e' ], [ "modelId=$custom_version->{id}", 'f' ],
        [ "modelId=$made{b}{id}", 'b' ], [ 'modelId=x', '' ], [ "modelId=$NO_ID", '' ];
    is(letters($list->('E10', 'search=ridge')->{json}), '', 'E10: search looks at the name of the registered model');

    # target.name, target.type, classNames as a set, time series, multiseries
    for my $case ([ b => '', 'fec', 'fe' ], [ c => '', 'feb', 'fe' ], [ e => '', 'fcb', 'f' ], [ f => '', 'ecb', 'e' ], [ a => '', '', '' ], [ g => '', '', '' ], [ d => '', '', '' ], [ j => '', '', '' ]) {
        my ($of, undef, $similar, $challengers) = @$case;
        my $id = $made{$of}{id};
        is(letters($list->('E1', "similarTo=$id")->{json}), $similar, "similarTo $of: the five match, itself left out");
        is(letters($list->('E1', "similarTo=$id&forChallenger=true")->{json}), $challengers, 'forChallenger: DataRobot and Custom packages instead of external ones');
        is(letters($list->('E10', "compatibleWithModelPackageId=$id&sortKey=createdAt&sortDirection=desc")->{json}) =~ s/[i$of]//gr, $similar, 'compatibleWithModelPackageId: their models');
        is(letters($list->('E10', "compatibleWithModelPackageId=$id&forChallenger=true&sortKey=createdAt&sortDirection=desc")->{json}) =~ s/[i$of]//gr, $challengers, 'forChallenger');
    }
    is(letters($list->('E10', "compatibleWithLeaderboardModelId=$board->{modelId}")->{json}), 'e', 'compatibleWithLeaderboardModelId: has a version of that model');
    is(letters($list->('E10', "compatibleWithLeaderboardModelId=$NO_ID")->{json}), '', 'of none');
    refused($list->('E1', "$_=$NO_ID"), 404, undef, "E1: given $_ of an unknown id, then 404") for qw(similarTo predictionEnvironmentId);
    refused($list->('E1', "similarTo=$p->{id}"), 404, undef, "or another organization's");
    is(letters($list->('E1', 'limit=2&offset=1')->{json}), 'hg', 'limit and offset');
    my $page = $list->('E1', 'limit=2&offset=3&imported=false')->{json};
    like(path_of($page->{next}), qr/\bimported=false\b/, 'next retains every filter');
    like(path_of($page->{next}), qr/\boffset=5\b/, 'with a new offset');
    like(path_of($page->{previous}), qr/\boffset=1\b/, 'previous too');
    is(join('', map { $letter{ $_->{id} } } walk($t, "$API/modelPackages/?limit=2&imported=False", @with)), 'jhgfdcba', 'and leads to the end');
};
sub made_custom_with {
    my ($version, %o) = @_;
    my $token = delete $o{token};
    my $r = json_of(fromCustomModelVersion => { customModelVersionId => $version, %o }, token => $token);
    $r->{status} == 201 or die $r->{raw};
    return $r->{json};
}

scene 'a walk while others insert' => sub {
    $t->org('Walks');
    $t->user('walker', role => 'admin', org => 'Walks');
    my @with = (token => $t->token('walker'));
    my @there = map { external($t, @with)->{id} } 1 .. 15;
    my %seen;
    $seen{ $_->{id} }++ for walk($t, "$API/modelPackages/?limit=4", @with, between => sub { external($t, @with) });
    is(join(' ', grep { !$seen{$_} } @there), '', 'given rows that are inserted, then nothing that was there is missing');
    %seen = ();
    my @models = map { external($t, @with)->{registeredModelId} } 1 .. 5;
    my @walked = map { $_->{id} } walk($t, "$API/registeredModels/?limit=4&sortKey=createdAt&sortDirection=asc", @with, between => sub { external($t, @with) if $_[0] < 5 });
    $seen{$_}++ for @walked;
    is(join(' ', grep { $seen{$_} != 1 } @walked), '', 'oldest first, each comes once');
    is(join(' ', grep { !$seen{$_} } @models), '', 'and all come');
};

# --- archive ------------------------------------------------------------------------------------

sub audits_of { scalar $t->sql("SELECT COUNT(*) FROM audit_events WHERE resource_id IN (UNHEX('$_[0]{id}'), UNHEX('$_[0]{registeredModelId}'))") }
scene 'E5: archive, permanently' => sub {
    my $v = external($t);
    my $second = external($t, registeredModelId => $v->{registeredModelId});
    my $r = e($t, 'E5', { id => $second->{id} });
    answered($r, 'E5', 'when a package is archived');
    like($r->{headers}{deprecation}, qr/registeredModels/, 'Deprecation says which route to use');
    my $gone = package_of($second->{id});
    answered($gone, 'E4', 'then it can still be retrieved');
    is(json([ @{ $gone->{json} }{qw(isArchived stage)} ]), '[true,"Archived"]', 'isArchived, in stage Archived');
    is(e($t, 'E18', { id => $v->{registeredModelId}, vid => $second->{id} })->{body}, $gone->{body}, 'by its other route too');
    is(scalar(grep { $_->{id} eq $second->{id} } walk($t, "$API/modelPackages/")), 0, 'it is absent from the list');
    is(join(' ', map { "$_->{registeredModelVersion}" . json($_->{isArchived}) } @{ e($t, 'E17', { id => $v->{registeredModelId} })->{json}{data} }), '2true 1false', 'and shown among the versions of its model');
    my $m = registered($t, $v->{registeredModelId});
    is("$m->{lastVersionNum} " . json($m->{isArchived}), '2 false', 'the model keeps its number and stays');
    my $told = audits_of($second);
    answered(e($t, 'E5', { id => $second->{id} }), 'E5', 'when it is archived again');
    is(audits_of($second), $told, 'then nothing more is told of it');
    is(e($t, $_, { id => $second->{id} })->{status}, 200, "$_ answers") for qw(E6 E7 E8 E9);
    answered(e($t, 'E5', { id => $v->{id} }), 'E5', 'when the last version is archived');
    is(json(registered($t, $v->{registeredModelId})->{isArchived}), 'false', 'then the model stays');
    is(external($t, registeredModelId => $v->{registeredModelId})->{registeredModelVersion}, 3, 'and its next version is the third');
    my $global = external($t);
    e($t, 'E13', { id => $global->{registeredModelId} }, body => { isGlobal => true });
    unchanged($t, 'who may not', sub { refused(e($t, 'E5', { id => $global->{id} }, token => $t->reader), 403, undef, 'given a reader of a global model, then 403') });
};

# --- capabilities, features, logs -------------------------------------------------------------------

scene 'E6: capabilities' => sub {
    my %scoring = (scoringCode => { location => 'mlpkg', dataRobotPredictionVersion => '1' });
    my %kind = (
        'an external regression' => [ external($t), { map { $_ => 0 } qw(ShapBasedPredictionExplanations SecondaryDatasets ScoringCodeDownload Retraining AutomaticActuals HumilityRules HumilityRecommendedRules HumilityRulesDefaultCalculations PredictionWarning) }, { TargetDriftTracking => 1 } ],
        'a DataRobot binary with scoring code' => [ from_leaderboard($t, imported($t, %scoring)->{modelId}), { AutomaticActuals => 0, SecondaryDatasets => 0 }, { map { $_ => 1 } qw(ScoringCodeDownload HumilityRules PredictionWarning TargetDriftTracking) } ],
        'a DataRobot regression without' => [ from_leaderboard($t, imported($t, target => { name => 'y', type => 'Regression' })->{modelId}), { ScoringCodeDownload => 0, AutomaticActuals => 0 }, { HumilityRules => 1, PredictionWarning => 1 } ],
        'a time series' => [ from_leaderboard($t, imported($t, target => { name => 'y', type => 'Regression' }, modelKind => { isTimeSeries => true })->{modelId}), {}, { AutomaticActuals => 1 } ],
        'feature discovery' => [ from_leaderboard($t, imported($t, modelKind => { isFeatureDiscovery => true })->{modelId}), {}, { SecondaryDatasets => 1 } ],
        'multiclass' => [ from_leaderboard($t, imported($t, target => { name => 'y', type => 'Multiclass', classNames => [ 'a', 'b', 'c' ] })->{modelId}), { PredictionWarning => 0 }, { HumilityRules => 1 } ],
        'text generation' => [ external($t, target => { name => 'y', type => 'TextGeneration' }), { TargetDriftTracking => 0, HumilityRules => 0 }, {} ],
        'multilabel' => [ external($t, target => { name => 'y', type => 'Multilabel', classNames => [ 'a', 'b' ] }), { TargetDriftTracking => 0 }, {} ],
    );
    for my $what (sort keys %kind) {
        my ($v, $not, $does) = @{ $kind{$what} };
        my $r = e($t, 'E6', { id => $v->{id} });
        my $data = answered($r, 'E6', "given $what");
        is(join(' ', sort map { $_->{name} } @{ $data->{data} }), join(' ', sort @CAPABLE), 'each of the thirteen is listed');
        is(join(' ', map { $_->{name} } grep { json($_->{supported}) ne json($v->{capabilities}{ $_->{name} }) } @{ $data->{data} }), '', 'as the package itself says');
        is(join(' ', map { $_->{name} } grep { !$_->{supported} && !@{ $_->{messages} } } @{ $data->{data} }), '', 'and what is not supported has a message that explains why');
        is(json($v->{capabilities}{"supports$_"}), 'false', "$_ is not") for sort keys %$not;
        is(json($v->{capabilities}{"supports$_"}), 'true', "$_ is") for sort keys %$does;
    }
};

scene 'E7: features' => sub {
    my $feature = sub { my ($name, $type, $importance, %o) = @_; return { name => $name, featureType => $type, importance => $importance, dateFormat => undef, knownInAdvance => false, %o } };
    my $m = imported($t, datasets => { baselineSegmentedBy => [ 'note' ] }, features => [ $feature->(income => 'Numeric', undef), $feature->(age => 'Numeric', 0.5), $feature->(city => 'Categorical', 0.9), $feature->(note => 'Text', 0.1),
        $feature->(when => 'Date', 0.2, dateFormat => '%Y-%m-%d', knownInAdvance => true), $feature->(zip => 'Categorical', 0.3, usedForPredictions => false) ]);
    my $v = from_leaderboard($t, $m->{modelId});
    is(json($v->{datasets}{baselineSegmentedBy}), '["note"]', 'given a model of six features, one of them not used for predictions');
    my $list = sub { my ($query, %o) = @_; return e($t, 'E7', { id => $v->{id} }, query => $query, %o) };
    my $names = sub { my $r = $list->(@_); join ' ', map { $_->{name} } @{ $r->{json}{data} } };
    my $page = answered($list->(''), 'E7', 'when they are listed');
    is(join(' ', map { $_->{name} } @{ $page->{data} }), 'age city income note when', 'then those used for predictions, by name');
    is("$page->{count} $page->{totalCount} " . json([ @$page{qw(next previous)} ]), '5 5 [null,null]', 'all of them');
    is(json((grep { $_->{name} eq 'when' } @{ $page->{data} })[0]), '{"dateFormat":"%Y-%m-%d","featureType":"Date","importance":0.2,"knownInAdvance":true,"name":"when"}', 'each as it was imported, and nothing more');
    is($names->("includeNonPredictionFeatures=$_"), 'age city income note when zip', "includeNonPredictionFeatures=$_: all raw features") for qw(true True);
    is($names->("includeNonPredictionFeatures=$_"), 'age city income note when', "includeNonPredictionFeatures=$_") for qw(false False);
    is($names->("forSegmentedAnalysis=$_"), 'city note', "forSegmentedAnalysis=$_: those usable for segmentation") for qw(true True);
    is($names->('forSegmentedAnalysis=true&includeNonPredictionFeatures=true'), 'city note zip', 'and both');
    is($names->('search=IT'), 'city', 'search: in the names, in any case');
    is($names->('search=%25'), '', '% is itself');
    for ([ 'name', 'age city income note when' ], [ '-name', 'when note income city age' ], [ 'importance', 'note when age city income' ], [ '-importance', 'city age when note income' ]) {
        is($names->("orderBy=$_->[0]"), $_->[1], "orderBy=$_->[0]; no importance comes last");
    }
    is($list->("orderBy=$_")->{status}, 200, "orderBy=$_, which another client sends") for map { ($_, "-$_") } qw(featureType dateFormat knownInAdvance);
    is($names->('limit=2'), 'age city', 'limit');
    is($names->('limit=2&offset=3'), 'note when', 'offset');
    is($names->('offset=0&limit=0'), 'age city income note when', 'limit=0: all');
    is(join(' ', map { $_->{name} } walk($t, "$API/modelPackages/$v->{id}/features/?limit=2&orderBy=-name&includeNonPredictionFeatures=True")), 'zip when note income city age', 'by pages of two');
    is(json(e($t, 'E7', { id => external($t)->{id} })->{json}{data}), '[]', 'an external package has none');
};

scene 'E8: logs' => sub {
    my @logs = map { { level => $_ % 3 ? 'INFO' : 'ERROR', message => "line $_", time => 1700000000 + $_ + 0.25 } } 1 .. 130;
    my $v = from_leaderboard($t, imported($t, logs => [ reverse @logs ])->{modelId});
    my $page = answered(e($t, 'E8', { id => $v->{id} }), 'E8', 'given 130 entries');
    is(join(' ', $page->{count}, $page->{totalCount}, $page->{data}[0]{message}, $page->{data}[99]{message}), '100 130 line 1 line 100', 'the first 100, oldest first');
    is(json($page->{data}[2]), '{"level":"ERROR","message":"line 3","time":1700000003.25}', 'an entry: POSIX seconds with their fraction');
    is(e($t, 'E8', { id => $v->{id} }, query => 'limit=1000')->{json}{count}, 100, 'never more than 100');
    is(join(' ', map { $_->{message} } @{ e($t, 'E8', { id => $v->{id} }, query => 'limit=2&offset=128')->{json}{data} }), 'line 129 line 130', 'limit, offset');
    is(join(' ', map { $_->{message} } walk($t, "$API/modelPackages/$v->{id}/modelLogs/?limit=40")), join(' ', map { "line $_" } 1 .. 130), 'to the end');
    is(json(e($t, 'E8', { id => external($t)->{id} })->{json}{data}), '[]', 'an external package has none');
};

scene 'E9: shared roles by the package' => sub {
    my $v = external($t);
    my $r = e($t, 'E9', { id => $v->{id} });
    answered($r, 'E9', 'given a package');
    is(json($r->{json}{data}), json(e($t, 'E15', { id => $v->{registeredModelId} })->{json}{data}), 'then the roles of its registered model');
    like($r->{headers}{deprecation}, qr{registeredModels/.*sharedRoles}, 'Deprecation names the new route');
    refused(e($t, 'E9', { id => $v->{id} }, query => "id=$NO_ID&name=admin"), 422, qr/both|username|userId|name/i, 'given both name and id, then 422');
};

# --- what belongs to a leaderboard ------------------------------------------------------------------

scene 'the leaderboard' => sub {
    my $m = imported($t, modelType => 'Shown');
    is(reg($t, GET => 'projects/')->{status}, 200, 'projects');
    my $r = reg($t, GET => "projects/$m->{projectId}/models/$m->{modelId}/");
    is("$r->{status} " . ($r->{json}{modelType} // ''), '200 Shown', 'a model of it');
    is(reg($t, GET => "projects/$m->{projectId}/models/")->{status}, 200, 'the models of a project');
    refused(reg($t, GET => "projects/$m->{projectId}/models/$m->{modelId}/", token => $t->other), 404, undef, "another organization's");
    my $same = imported($t, project => $m->{projectId}, modelType => 'Second');
    is($same->{projectId}, $m->{projectId}, 'a second model of the project');
    unchanged($t, 'what is refused', sub {
        refused(reg($t, POST => "projects/$m->{projectId}/models/import/", body => { modelType => 'x', projectName => 'y' }), 422, undef, 'given no target, then 422', 'target');
        refused(reg($t, POST => "projects/$m->{projectId}/models/import/", body => { modelType => 'x', projectName => 'y', target => { name => 'z', type => 'Regression' } }, token => $t->reader), 403, undef, 'given a reader, then 403');
    });
};

scene 'narrowed tokens' => sub {
    my $read = $t->token('admin', '--scope', 'model:read');
    for my $no (grep { $ENDPOINT{$_}{method} eq 'GET' } sort keys %ENDPOINT) { is(e($t, $no, ids_for($no), token => $read)->{status}, 200, "$no: given model:read, then 200") }
    my %body = (E2 => { modelId => imported($t)->{modelId} }, E3 => { modelId => imported($t)->{modelId} }, E13 => { description => 'x' },
        E16 => { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'member' } ] });
    unchanged($t, 'model:read', sub {
        refused(e($t, $_, ids_for($_), token => $read, body => $body{$_}), 403, undef, "$_: given model:read, then 403") for qw(E2 E3 E5 E11 E13 E16);
        refused(json_of(fromJSON => { name => 'x', target => { name => 'y', type => 'Regression' } }, token => $read), 403, undef, 'fromJSON: given model:read, then 403');
        refused(e($t, 'E1', {}, token => $t->token('admin', '--scope', 'project:read')), 403, undef, 'E1: given project:read, then 403');
    });
};

$t->finish;
