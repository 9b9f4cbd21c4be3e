#!/usr/bin/perl
# /openapi.json by tools of others, at the versions that were tried: openapi-spec-validator, redocly and spectral find no
# error; schemathesis sends what it says is right and wrong, and finds nothing but what is named below with its reason;
# and a Python client that is made from it makes, archives and restores a model. The tools come from PyPI and npm and are
# kept with the build; where one cannot be had, its part is skipped and says so.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Kept;
use Contract;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);

my ($python, $no_python) = Thaw::Kept::python('openapi');
my ($node, $no_node) = Thaw::Kept::node('openapi');
local $ENV{PATH} = "$python/bin:$ENV{PATH}" if $python;
delete local @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};

my $t = Thaw->new(workers => 2);
my $token = $t->admin;
my @apis = ([ whole => '' ], map { [ $_, "?api=$_" ] } qw(models console));
for (@apis) {
    my ($name, $query) = @$_;
    my $r = $t->req(GET => "/openapi.json$query");
    is($r->{status}, 200, "the $name description");
    spew("$t->{dir}/$name.json", $r->{body});
}
sub run_in {
    my ($limit, @command) = @_;
    # what they keep for the next time stays with the server
    return $t->run({ HOME => $t->{dir}, NO_COLOR => 1, DO_NOT_TRACK => 1, REDOCLY_TELEMETRY => 'off', SCHEMATHESIS_REPORT => 'false' }, '', 'sh', '-c', "cd '$t->{dir}' && exec timeout $limit \"\$@\"", 'sh', @command);
}

subtest 'openapi-spec-validator' => sub {
    plan skip_all => "NOT VALIDATED: $no_python" if $no_python;
    for (map { $_->[0] } @apis) {
        my $v = run_in(240, "$python/bin/openapi-spec-validator", "$t->{dir}/$_.json");
        is($v->{exit}, 0, "the $_ description is valid") or diag $v->{out}, $v->{err};
    }
    spew("$t->{dir}/wrong.json", slurp("$t->{dir}/models.json") =~ s/"responses":/"answers":/gr);
    isnt(run_in(240, "$python/bin/openapi-spec-validator", "$t->{dir}/wrong.json")->{exit}, 0, 'and the validator finds what is not');
};

subtest 'redocly and spectral' => sub {
    plan skip_all => "NOT LINTED: $no_node" if $no_node;
    spew("$t->{dir}/spectral.json", '{"extends":["spectral:oas"]}');
    my $wrong = slurp("$t->{dir}/models.json") =~ s/"operationId":"archiveModel",/"operationId":"createModel",/r;
    $wrong =~ s/"status":"draft"/"status":5/ or die 'no example of a status';
    spew("$t->{dir}/wrong.json", $wrong);
    # redocly's `recommended` has these as warnings: they are errors here
    spew("$t->{dir}/redocly.yaml", "extends: [recommended]\nrules:\n" . join '', map { "  $_: error\n" } qw(no-invalid-media-type-examples no-invalid-parameter-examples operation-4xx-response
        no-ambiguous-paths tag-description operation-description no-unused-components parameter-description));
    for (qw(whole console)) {
        my $r = run_in(240, "$node/node_modules/.bin/redocly", 'lint', '--config', "$t->{dir}/redocly.yaml", '--format=stylish', "$t->{dir}/$_.json");
        is($r->{exit}, 0, "redocly: the $_ description") or diag $r->{out}, $r->{err};
    }
    my $s = run_in(240, "$node/node_modules/.bin/spectral", 'lint', '-r', "$t->{dir}/spectral.json", map { "$t->{dir}/$_.json" } qw(whole console));
    is($s->{exit}, 0, 'spectral: both') or diag $s->{out}, $s->{err};
    my $bad = run_in(240, "$node/node_modules/.bin/redocly", 'lint', '--config', "$t->{dir}/redocly.yaml", '--format=json', "$t->{dir}/wrong.json");
    my %found = map { $_->{ruleId} => 1 } @{ JSON::PP::decode_json($bad->{out})->{problems} };
    ok($found{'operation-operationId-unique'} && $found{'no-invalid-media-type-examples'}, 'and what is wrong is found') or diag $bad->{out};
};

subtest 'a generated client' => sub {
    plan skip_all => "NO CLIENT: $no_python" if $no_python;
    for my $name (qw(models whole)) {
        my $g = run_in(240, "$python/bin/openapi-python-client", 'generate', '--path', "$t->{dir}/$name.json", '--meta', 'none', '--output-path', "$t->{dir}/${name}_client");
        is($g->{exit}, 0, "of the $name description") or diag $g->{out}, $g->{err};
        my @left_out = ("$g->{out}$g->{err}") =~ /^WARNING parsing (.*) within/mg;
        is(join("\n", @left_out), $name eq 'whole' ? 'GET /api/v2/modelPackages/{modelPackageId}/modelPackageFile' : '', 'nothing is left out, but the zip, which this generator does not know');
        unlike("$g->{out}$g->{err}", qr/Unable to process/, 'no schema either');
    }
    my @files = glob "$t->{dir}/models_client/models/*.py";
    cmp_ok(scalar @files, '<', 150, 'in ' . @files . ' files of models');
    spew("$t->{dir}/use.py", <<~'END');
        import sys
        from models_client import AuthenticatedClient
        from models_client.api.models import archive_model, create_model, get_model, list_models, unarchive_model
        from models_client.models import Model, ModelCreate, ModelStatus, ModelType, TaskType

        client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True)
        made = create_model.sync(client=client, body=ModelCreate(name="Churn", model_type=ModelType.AUTO, task_type=TaskType.CLASSIFICATION), idempotency_key="one")
        assert isinstance(made, Model), made
        print(made.status.value, made.id == create_model.sync(client=client, body=ModelCreate(name="Churn", model_type=ModelType.AUTO, task_type=TaskType.CLASSIFICATION), idempotency_key="one").id)
        print(archive_model.sync(made.id, client=client).status.value, len(list_models.sync(client=client).items), len(list_models.sync(client=client, status=ModelStatus.ARCHIVED).items))
        print(archive_model.sync(made.id, client=client).error.code)
        print(unarchive_model.sync(made.id, client=client).status.value, get_model.sync(made.id, client=client).name)
        END
    my $r = $t->run({ PYTHONPATH => $t->{dir}, HOME => $t->{dir} }, '', "$python/bin/python", "$t->{dir}/use.py", $t->{url}, $token);
    is($r->{exit}, 0, 'it makes, archives and restores a model') or diag $r->{err};
    is($r->{out}, "draft True\narchived 0 1\nCONFLICT\ndraft Churn\n", 'as it says');
};

# What schemathesis may find: the check, in what operation, by what answer, and why that stays. What it tries depends on what
# it has met, so that these are kinds of answers.
my @accepted = (
    [ positive_data_acceptance => qr/./, qr/^4\d\d .*This Idempotency-Key was used for another request/s, 'an Idempotency-Key is right once: what is tried has some of them twice' ],
    [ positive_data_acceptance => qr{^GET /multipass/api/oauth2/authorize$}, qr/^400 <!doctype html>/, 'nobody is sent to an address that no client has: the user is told' ],
    [ positive_data_acceptance => qr/./, qr/^4(?:00|22) .*(?:[Nn]ames? (?:something|no)|already exists|not found|is no(?:t an)? active user)/s, 'what a body names must be there, or must not, which no schema can say' ],
    [ positive_data_acceptance => qr/./, qr/^4(?:00|22) .*(?:[Mm]issing value|\b[Mm]ust\b|is required|is not|is no|are not|cannot|does not|has|it has|at byte|[Ii]nvalid|malformed|more of what)\b/s,
        'a rule that JSON Schema has no words for (of several members together, of a text, of an address), which the answer names' ],
);
my @statuses = ('checks.positive_data_acceptance' => '["2xx", "3xx", 401, 403, 404, 409, 412, 429, "5xx"]',       # 412: an If-Match of any text is right, and seldom fits
    'checks.negative_data_rejection' => '[400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, "5xx"]');

subtest 'schemathesis' => sub {
    plan skip_all => "NOT TRIED: $no_python" if $no_python;
    my $config = '';
    for (my $i = 0; $i < @statuses; $i += 2) { $config .= "[$statuses[$i]]\nexpected-statuses = $statuses[$i + 1]\n" }
    spew("$t->{dir}/schemathesis.toml", $config);
    my (%used, $tried, $right);
    for ([ whole => 'examples,fuzzing' ], [ models => 'coverage' ]) {
        my ($name, $phases) = @$_;
        my $events = "$t->{dir}/$name.nd";
        my $r = run_in(300, "$python/bin/schemathesis", '--config-file', "$t->{dir}/schemathesis.toml", 'run', "$t->{dir}/$name.json", '--url', $t->{url}, '-H', "Authorization: Bearer $token",
            '--checks', 'all', '--phases', $phases, '-n', 2, '-w', 2, '--seed', 1, '--no-shrink', '--continue-on-failure', '--no-color', '--output-sanitize', 'false', '--report', 'ndjson', '--report-ndjson-path', $events);
        ok($r->{exit} == 0 || $r->{exit} == 1, "it tries the $name description") or diag $r->{out}, $r->{err};
        my @new;
        for (split /\n/, slurp($events)) {
            my $recorder = (JSON::PP::decode_json($_)->{ScenarioFinished} // next)->{recorder};
            for my $id (sort keys %{ $recorder->{checks} }) {
                $tried++;
                $right++ if ($recorder->{cases}{$id}{value}{meta}{generation}{mode} // '') eq 'positive';
                for my $check (grep { $_->{status} ne 'success' } @{ $recorder->{checks}{$id} }) {
                    my $i = $recorder->{interactions}{$id};
                    my $answer = ($i->{response}{status_code} // '') . ' ' . decode_base64($i->{response}{content}{'$base64'} // '');
                    my ($as) = grep { $check->{name} eq $accepted[$_][0] && $recorder->{label} =~ $accepted[$_][1] && $answer =~ $accepted[$_][2] } 0 .. $#accepted;
                    defined $as ? $used{$as}++ : push @new, join "\n    ", "$recorder->{label}: $check->{name}", substr($answer, 0, 300), substr("$i->{request}{method} $i->{request}{uri} " . decode_base64($i->{request}{body}{'$base64'} // ''), 0, 300);
                }
            }
        }
        is(join("\n", @new), '', 'and finds nothing but what is named');
    }
    cmp_ok($tried, '>', 1000, "in $tried requests");
    cmp_ok($used{3} // 0, '<', 0.2 * $right, "of $right that are right few are refused for a rule that the description does not have");
    note map { ($used{$_} // 0) . " x $accepted[$_][3]\n" } 0 .. $#accepted;
};

$t->finish;
