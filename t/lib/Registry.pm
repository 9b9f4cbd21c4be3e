# Registry.pm: what the tests of the registry dialect share, on top of Contract.pm: the
# schemas S1 to S37 and those of the supporting endpoints as one table, the endpoints E1 to
# E19 as another, a checker that holds an answer to them, and small objects to begin with.
#
#   my @faults = fits('S21', $value);     # 'target.type: ...', each with its path; none is good
#   fits_ok('S21', $value, $name);        # the same as a test
#   my $r = e($t, 'E12', { id => $id }, token => $tok, query => 'limit=1', body => {...});
#   my $page = answered($r, 'E10', $name);        # status, type, schema: its JSON
#   refused($r, 422, qr/already in use/, $name, 'registeredModelName');
#   my @all = walk($t, '/api/v2/registeredModels/?limit=2');      # by `next`, to the end
package Registry;
use strict;
use warnings;
use B ();
use Exporter 'import';
use JSON::PP ();
use Test::More ();
use Thaw;
use Contract;

our @EXPORT = qw(%SCHEMA %ENDPOINT $API $MICROS $NO_ID sample fits fits_ok e answered refused walk path_of reg external imported from_leaderboard
    environment deployment custom_model custom_version registered built share people role_of done_at status_of true false scene);

our $API = '/api/v2';
our $NO_ID = '65f0c0ffee5eed0123456789';                  # an id that nothing has
our $MICROS = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
sub true { JSON::PP::true }
sub false { JSON::PP::false }

# --- schemas ------------------------------------------------------------------------

# A field is: name, flags, type, limits. Flags: r the document requires it; e it does not,
# and it is there all the same; o it may be left out; n it may be null. Types: string, text
# (not blank), int, number, bool, object, any, time (microseconds and Z), id (24 hex), uri
# (of this server), another schema, a|b words, [type] a list, type/type one of them.
# Limits: of a number its bounds, of a string its characters, of a list its items.
# A name that ends in * may have members beyond those.
our %SCHEMA = _schemas(<<'END');
S1 AccessControlV2
  id                                       r   id
  name                                     r   text
  role                                     r   OWNER|USER|CONSUMER|EDITOR|READ_WRITE|READ_ONLY
  shareRecipientType                       r   user|group|organization
S2 CustomModelDetails
  createdAt                                r   time
  creatorEmail                             en  string
  creatorId                                r   id
  creatorName                              en  string
  id                                       r   id
  versionLabel                             en  string
S3 DeploymentPredictionEnvironmentResponse
  id                                       rn  id
  isManagedByManagementAgent               r   bool
  name                                     r   string
  platform                                 r   aws|gcp|azure|onPremise|datarobot|datarobotServerless|openShift|other|snowflake|sapAiCore
  plugin                                   en  string
  supportedModelFormats                    e   [datarobot|datarobotScoringCode|customModel|externalModel]  1..4
S4 Feature
  dateFormat                               rn  string
  featureType                              rn  string
  importance                               rn  number
  knownInAdvance                           r   bool
  name                                     r   string
S5 FeatureListResponse
  count                                    e   int
  data                                     r   [S4]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S6 GrantAccessControlWithId
  id                                       r   string
  role                                     r   string
  shareRecipientType                       r   user|group|organization
S7 GrantAccessControlWithUsername
  role                                     r   string
  shareRecipientType                       r   user|group|organization
  username                                 r   string
S8 MlpkgFileContents
  allTimeSeriesPredictionIntervals         en  bool
S9 ModelPackageCapabilities
  supportsAutomaticActuals                 e   bool
  supportsChallengerModels                 r   bool
  supportsFeatureDriftTracking             r   bool
  supportsHumilityRecommendedRules         r   bool
  supportsHumilityRules                    r   bool
  supportsHumilityRulesDefaultCalculations r   bool
  supportsPredictionWarning                r   bool
  supportsRetraining                       e   bool
  supportsScoringCodeDownload              e   bool
  supportsSecondaryDatasets                r   bool
  supportsSegmentedAnalysisDriftAndAccuracy r  bool
  supportsShapBasedPredictionExplanations  r   bool
  supportsTargetDriftTracking              r   bool
S10 ModelPackageCapabilitiesRetrieveResponse
  data                                     r   [S11]
S11 ModelPackageCapability
  messages                                 r   [string]
  name                                     r   text
  supported                                r   bool
S12 ModelPackageCreateFromLeaderboard
  computeAllTsIntervals                    on  bool
  description                              on  string   ..2048
  distributionPredictionModelId            on  string
  modelId                                  r   string
  name                                     on  string   ..1024
  predictionThreshold                      o   number   0..1
S13 ModelPackageCreateFromLearningModel
  description                              on  string   ..2048
  distributionPredictionModelId            on  string
  modelId                                  r   string
  name                                     on  string   ..1024
  predictionThreshold                      o   number   0..1
S14 ModelPackageDatasets
  baselineSegmentedBy                      r   [string]
  datasetName                              rn  string
  holdoutDataCatalogId                     rn  string
  holdoutDataCatalogVersionId              rn  string
  holdoutDataCreatedAt                     en  string
  holdoutDataCreatorEmail                  en  string
  holdoutDataCreatorId                     en  string
  holdoutDataCreatorName                   en  string
  holdoutDatasetName                       rn  string
  targetHistogramBaseline                  o   predictions|actuals
  trainingDataCatalogId                    rn  string
  trainingDataCatalogVersionId             rn  string
  trainingDataCreatedAt                    en  string
  trainingDataCreatorEmail                 en  string
  trainingDataCreatorId                    en  string
  trainingDataCreatorName                  en  string
  trainingDataSize                         o   int      0..
S15 ModelPackageImportMeta
  containsFearPipeline                     en  bool
  containsFeaturelists                     en  bool
  containsLeaderboardMeta                  en  bool
  containsProjectMeta                      en  bool
  creatorFullName                          rn  string
  creatorId                                r   id
  creatorUsername                          r   text
  dateCreated                              r   time
  originalFileName                         rn  string
S16 ModelPackageListResponse
  count                                    e   int
  data                                     r   [S21]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S17 ModelPackageModelDescription
  buildEnvironmentType                     r   DataRobot|Python|R|Java|Other|Julia|Legacy
  description                              rn  string   ..2048
  location                                 rn  string   ..2048
  modelCreatedAt                           en  string
  modelCreatorEmail                        en  string
  modelCreatorId                           en  string
  modelCreatorName                         en  string
  modelName                                e   string
S18 ModelPackageModelKind
  isAnomalyDetectionModel                  r   bool
  isCombinedModel                          r   bool
  isFeatureDiscovery                       r   bool
  isMultiseries                            r   bool
  isTimeSeries                             r   bool
  isUnsupervisedLearning                   r   bool
  isDecisionFlow                           o   bool
  isUnstructured                           o   bool
S19 ModelPackageModelLogsEntry
  level                                    r   DEBUG|INFO|WARNING|ERROR|CRITICAL
  message                                  r   string
  time                                     r   number   0..
S20 ModelPackageModelLogsListResponse
  count                                    e   int
  data                                     r   [S19]    ..100
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S21 ModelPackageRetrieveResponse
  activeDeploymentCount                    r   int      0..
  buildStatus                              en  inProgress|complete|failed
  capabilities                             r   S9
  datasets                                 r   S14
  id                                       r   id
  importMeta                               r   S15
  isArchived                               r   bool
  isDeprecated                             r   bool
  mlpkgFileContents                        e   S8
  modelDescription                         r   S17
  modelExecutionType                       r   dedicated|custom_inference_model|external
  modelId                                  r   text
  modelKind                                r   S18
  name                                     r   text
  permissions                              r   [CAN_VIEW|CAN_EDIT|CAN_SHARE|CAN_ARCHIVE|CAN_SHARE_OWNERSHIP]
  sourceMeta                               r   S23
  target                                   r   S24
  timeseries                               r   S25
  updatedBy                                r   S37
  userProvidedId                           o   text
  registeredModelId                        r   id
  registeredModelVersion                   r   int      1..
  updatedAt                                r   time
  stage                                    r   Registered|Development|Staging|Production|Archived
  tags                                     r   [Tag]
  textGeneration                           o   TextGeneration
  geospatialMonitoring                     o   GeospatialMonitoring
  biasAndFairness                          on  BiasAndFairness
  createdAt                                o   time
S22 ModelPackageScoringCodeMeta
  dataRobotPredictionVersion               rn  string
  location                                 rn  local_leaderboard|mlpkg
S23 ModelPackageSourceMeta
  customModelDetails                       o   S2
  environmentUrl                           rn  string
  fips_140_2Enabled                        e   bool
  projectCreatedAt                         en  string
  projectCreatorEmail                      en  string
  projectCreatorId                         en  string
  projectCreatorName                       en  string
  projectId                                rn  string
  projectName                              rn  string
  scoringCode                              r   S22
  useCaseDetails                           o   S36
  decisionFlowId                           on  string
  decisionFlowVersionId                    on  string
S24 ModelPackageTarget
  classCount                               rn  int      0..
  classNames                               r   [string] ..100
  name                                     r   text
  predictionProbabilitiesColumn            rn  string
  predictionThreshold                      rn  number   0..1
  type                                     r   Binary|Regression|Multiclass|Multilabel|TextGeneration|GeoPoint|Anomaly|Transform|Unstructured|VectorDatabase|AgenticWorkflow|MCP
S25 ModelPackageTimeseries
  datetimeColumnFormat                     rn  string
  datetimeColumnName                       rn  string
  effectiveFeatureDerivationWindowEnd      rn  int      ..0
  effectiveFeatureDerivationWindowStart    rn  int      ..0
  featureDerivationWindowEnd               rn  int      ..0
  featureDerivationWindowStart             rn  int      ..0
  forecastDistanceColumnName               rn  string
  forecastDistances                        r   [int]
  forecastDistancesTimeUnit                rn  MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR
  forecastPointColumnName                  rn  string
  isCrossSeries                            rn  bool
  isNewSeriesSupport                       rn  bool
  isTraditionalTimeSeries                  rn  bool
  seriesColumnName                         rn  string
S26 RegisteredModelCreatedBy
  email                                    r   string
  id                                       r   id
  name                                     rn  string
S27 RegisteredModelDeploymentResponse
  createdAt                                r   time
  createdBy                                r   S37
  currentlyDeployed                        r   bool
  firstDeployedAt                          rn  time
  firstDeployedBy                          rn  S37
  id                                       r   id
  isChallenger                             r   bool
  label                                    rn  string
  predictionEnvironment                    o   S3
  registeredModelVersion                   r   int      1..
  status                                   r   text
S28 RegisteredModelDeploymentsListResponse
  count                                    e   int
  data                                     r   [S27]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S29 RegisteredModelListResponse
  count                                    e   int
  data                                     r   [S30]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S30 RegisteredModelResponse
  createdAt                                r   time
  createdBy                                r   S26
  description                              e   string   ..2048
  id                                       r   id
  isArchived                               r   bool
  isGlobal                                 e   bool
  lastVersionNum                           r   int      0..
  modifiedAt                               r   time
  modifiedBy                               r   S37
  name                                     r   text     1..1024
  target                                   r   S31
  tags                                     o   [Tag]
S31 RegisteredModelTarget
  name                                     r   text
  type                                     rn  string
S32 RegisteredModelUpdate
  description                              o   string   ..2048
  isGlobal                                 o   bool
  name                                     o   string   1..1024
S33 RegisteredModelVersionsListResponse
  count                                    e   int
  data                                     r   [S21]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S34 SharedRolesUpdate
  operation                                r   updateRoles
  roles                                    r   [S7/S6]  1..100
S35 SharingListV2Response
  count                                    r   int
  data                                     r   [S1]     ..1000
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
S36 UseCaseDetails
  createdAt                                r   time
  creatorEmail                             en  string
  creatorId                                r   id
  creatorName                              en  string
  id                                       r   id
  name                                     en  string
S37 UserMetadata
  email                                    rn  string
  id                                       r   id
  name                                     rn  string
Tag
  id                                       r   id
  name                                     r   text
  value                                    r   string
GeospatialMonitoring
  primaryLocationColumn                    r   text
TextGeneration*
  prompt                                   rn  string
BiasAndFairness*
  protectedFeatures                        e   [string]
Version*
  major                                    r   int      2..2
  minor                                    r   int      0..
  versionString                            r   text
Ping
  response                                 r   pong
Status*
  statusId                                 r   string
  status                                   r   INITIALIZED|RUNNING|COMPLETED|ERROR|ABORTED
  message                                  rn  string
  code                                     rn  int
  description                              rn  string
  statusType                               rn  string
  created                                  r   time
Account*
  uid                                      r   id
  email                                    r   string
  firstName                                rn  string
  lastName                                 rn  string
  orgId                                    r   id
  tenantId                                 r   string
  permissions                              r   object
Imported*
  modelId                                  r   id
  projectId                                r   id
DeployedModel*
  id                                       rn  string
  type                                     rn  string
  targetName                               rn  string
  targetType                               rn  string
  projectId                                rn  string
DeployedPackage*
  id                                       r   id
  name                                     r   text
  registeredModelId                        r   id
DeploymentEnvironment*
  id                                       r   id
  name                                     r   text
  platform                                 r   string
Deployment*
  id                                       r   id
  label                                    r   text
  description                              rn  string
  importance                               rn  LOW|MODERATE|HIGH|CRITICAL
  status                                   r   active|inactive|launching|errored|replacingModel
  userProvidedId                           rn  string
  model                                    r   DeployedModel
  modelPackage                             r   DeployedPackage
  predictionEnvironment                    rn  DeploymentEnvironment
  defaultPredictionServer                  rn  object
DeploymentPage*
  count                                    e   int
  data                                     r   [Deployment]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
DeploymentRole
  id                                       r   id
  name                                     r   text
  role                                     r   CONSUMER|USER|OWNER
  shareRecipientType                       r   user|group|organization
Validation*
  status                                   r   passing|warning|failing
  message                                  r   string
  checks                                   r   object
Challenger
  id                                       r   id
  name                                     r   text
  model                                    r   object
  modelPackage                             r   DeployedPackage
  predictionEnvironment                    rn  DeploymentEnvironment
Intervals*
  enabled                                  r   bool
  percentiles                              r   [int]
Association*
  autoGenerateId                           r   bool
  requiredInPredictionRequests             r   bool
  columnNames                              r   [string]
Enabled*
  enabled                                  r   bool
Settings*
  associationId                            r   Association
  predictionIntervals                      r   Intervals
  targetDrift                              r   Enabled
  featureDrift                             r   Enabled
  predictionsDataCollection                r   Enabled
  segmentAnalysis                          r   Enabled
  challengerModels                         r   Enabled
Environment*
  id                                       r   id
  name                                     r   text
  description                              e   string
  platform                                 r   aws|gcp|azure|onPremise|datarobot|datarobotServerless|openShift|other|snowflake|sapAiCore
  permissions                              r   [string]
  isDeleted                                r   bool
  supportedModelFormats                    r   [datarobot|datarobotScoringCode|customModel|externalModel]  1..4
  isManagedByManagementAgent               r   bool
  plugin                                   rn  string
EnvironmentPage*
  count                                    e   int
  data                                     r   [Environment]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
CustomModelItem*
  id                                       r   string
  fileName                                 r   text
  filePath                                 r   text
  fileSource                               r   text
CustomModelVersion*
  id                                       r   id
  customModelId                            r   id
  label                                    r   string   ..50
  versionMajor                             r   int      0..
  versionMinor                             r   int      0..
  isFrozen                                 r   bool
  items                                    r   [CustomModelItem]
CustomModel*
  id                                       r   id
  name                                     r   text
  description                              r   string
  createdBy                                r   text
  created                                  r   time
  updated                                  r   time
  language                                 r   string
  trainingDataAssignmentInProgress         r   bool
  deploymentsCount                         r   int      0..
  targetType                               r   Binary|Regression|Multiclass|Multilabel|TextGeneration|GeoPoint|Anomaly|Transform|Unstructured|VectorDatabase|AgenticWorkflow|MCP
  customModelType                          r   inference
  latestVersion                            rn  CustomModelVersion
CustomModelPage*
  count                                    e   int
  data                                     r   [CustomModel]
  next                                     rn  uri
  previous                                 rn  uri
  totalCount                               r   int
Created*
  id                                       rn  id
UseCase*
  id                                       r   id
  name                                     r   text
  createdAt                                r   time
  created                                  r   Created
  updatedAt                                r   time
  updated                                  r   Created
  modelsCount                              r   int      0..
  projectsCount                            r   int      0..
  datasetsCount                            r   int      0..
  filesCount                               r   int      0..
  notebooksCount                           r   int      0..
  applicationsCount                        r   int      0..
  members                                  r   [object]
END

# What binds several fields of an object: (object) gives faults.
sub _page { my $p = shift; ($p->{count} // -1) == @{ $p->{data} } ? () : 'count: not the items of this page', $p->{totalCount} < @{ $p->{data} } ? 'totalCount: less than a page' : () }
my %RULE = (
    (map { $_ => \&_page } qw(S5 S16 S20 S28 S29 S33 S35 DeploymentPage EnvironmentPage CustomModelPage)),
    S21 => sub {
        my $p = shift;
        my ($target, $archived) = ($p->{target}, $p->{isArchived});
        return ($archived && $p->{stage} ne 'Archived' ? "stage: $p->{stage} of a package archived for good" : (),
            $p->{textGeneration} && $target->{type} ne 'TextGeneration' ? 'textGeneration: of another type' : (),
            (grep { $_ eq 'CAN_VIEW' } @{ $p->{permissions} }) ? () : 'permissions: who reads it may view it',
            !$p->{capabilities}{supportsScoringCodeDownload} == !defined $p->{sourceMeta}{scoringCode}{location} ? () : 'capabilities.supportsScoringCodeDownload: not as the location says');
    },
    S24 => sub {
        my $target = shift;
        my ($type, $names) = @$target{qw(type classNames)};
        return ($type eq 'Binary' && @$names != 2 ? 'classNames: two class names are returned of Binary' : (),
            $type ne 'Binary' && defined $target->{predictionThreshold} ? 'predictionThreshold: Binary only' : (),
            $type !~ /^(?:Binary|Multiclass|Multilabel)$/ && defined $target->{classCount} ? 'classCount: null unless classification' : (),
            defined $target->{classCount} && $target->{classCount} < @$names ? 'classCount: less than the names' : ());
    },
);

sub _schemas {
    my (%all, $schema);
    for (split /\n/, shift) {
        if (my ($no, $name, $open) = /^(?:(S\d+) )?(\w+)(\*?)$/) { $all{ $no // $name } = $schema = { name => $name, open => $open, fields => [], of => {} } }
        elsif (my ($field, $flags, $type, $limits) = /^  (\w+)\s+([reo]n?)\s+(\S+)(?:\s+(\S+))?$/) {
            my ($min, $max) = ($limits // '..') =~ /^(-?\d*)\.\.(-?\d*)$/ or die "no limits: $_";
            push @{ $schema->{fields} }, $schema->{of}{$field} = { name => $field, kind => substr($flags, 0, 1), null => scalar($flags =~ /n/), type => $type, min => $min, max => $max };
        } else { die "neither a schema nor a field: $_" }
    }
    return %all;
}

# --- the checker ----------------------------------------------------------------------

# As JSON spelled it: 5 is no "5", true is neither.
sub _is { my $v = shift; ref $v ? ref $v : !defined $v ? 'null' : do { my $f = B::svref_2object(\$v)->FLAGS; $f & B::SVf_POK ? 'string' : $f & B::SVf_IOK ? 'int' : $f & B::SVf_NOK ? 'number' : 'string' } }

my %PLAIN = (
    string => sub { $_[1] eq 'string' }, text => sub { $_[1] eq 'string' && $_[0] =~ /\S/ }, int => sub { $_[1] eq 'int' }, number => sub { $_[1] =~ /^(?:int|number)$/ },
    bool => sub { $_[1] eq 'JSON::PP::Boolean' }, object => sub { $_[1] eq 'HASH' }, any => sub { 1 }, time => sub { $_[1] eq 'string' && $_[0] =~ $MICROS },
    id => sub { $_[1] eq 'string' && $_[0] =~ /^[0-9a-f]{24}$/ }, uri => sub { $_[1] eq 'string' && $_[0] =~ m{^https?://[^/\s]+/api/v2/} },
);

sub _type {
    my ($type, $value, $path) = @_;
    my $is = _is($value);
    if (my ($item) = $type =~ /^\[(.*)\]$/) {
        return "$path: $is, not a list" if $is ne 'ARRAY';
        return map { _type($item, $value->[$_], $path . "[$_]") } 0 .. $#$value;
    }
    return _object($type, $value, $path) if $SCHEMA{$type};
    return $PLAIN{$type}->($value, $is) ? () : "$path: " . json($value) . " is no $type" if $PLAIN{$type};
    if ($type =~ m{/}) {
        my @faults = map { [ _type($_, $value, $path) ] } split m{/}, $type;
        return (grep { !@$_ } @faults) ? () : @{ $faults[0] };
    }
    return $is eq 'string' && (grep { $_ eq $value } split /\|/, $type) ? () : "$path: " . json($value) . " is none of $type";
}

sub _object {
    my ($name, $value, $path) = @_;
    my ($schema, @faults) = ($SCHEMA{$name} // die "no schema $name");
    return length $path ? "$path: " . _is($value) . ", not an object" : _is($value) . ', not an object' if ref $value ne 'HASH';
    my $at = sub { length $path ? "$path.$_[0]" : $_[0] };
    for my $f (@{ $schema->{fields} }) {
        my ($there, $v) = (exists $value->{ $f->{name} }, $value->{ $f->{name} });
        if (!$there) { push @faults, $at->($f->{name}) . ': missing' if $f->{kind} ne 'o'; next }
        if (!defined $v) { push @faults, $at->($f->{name}) . ': null' if !$f->{null}; next }
        my @type = _type($f->{type}, $v, $at->($f->{name}));
        push @faults, @type;
        my $size = ref $v eq 'ARRAY' ? @$v : $f->{type} =~ /^(?:int|number)$/ ? $v : length $v;
        push @faults, $at->($f->{name}) . ": $size, below $f->{min}" if !@type && length $f->{min} && $size < $f->{min};
        push @faults, $at->($f->{name}) . ": $size, above $f->{max}" if !@type && length $f->{max} && $size > $f->{max};
    }
    push @faults, map { $at->($_) . ': unknown' } grep { !$schema->{of}{$_} && !$schema->{open} } sort keys %$value;
    push @faults, map { $at->($_) } $RULE{$name}->($value) if !@faults && $RULE{$name};
    return @faults;
}

# Faults of a value, each with its path.
sub fits { my ($schema, $value) = @_; return _object($schema, $value, '') }
sub fits_ok {
    my ($schema, $value, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is(join("\n", fits($schema, $value)), '', "$name: a $SCHEMA{$schema}{name}") or Test::More::diag(substr json($value), 0, 3000);
}

# The smallest value that fits a schema: what the checker is tried with.
my %SMALL = (string => '', text => 'x', int => 0, number => 0.5, object => {}, any => 1, time => '2021-07-26T13:33:41.483782Z', id => $NO_ID, uri => 'http://127.0.0.1/api/v2/x/');
sub _small {
    my ($type, $f) = @_;
    my $min = length $f->{min} ? $f->{min} : 0;
    return [ map { _small($1, {}) } 1 .. $min ] if $type =~ /^\[(.*)\]$/;
    return sample($type) if $SCHEMA{$type};
    return JSON::PP::false if $type eq 'bool';
    return $type eq 'int' ? 0 + $min : $type eq 'number' ? $min + 0.5 : $SMALL{$type} if exists $SMALL{$type};
    return $type =~ m{^(\w+)/} ? sample($1) : (split /\|/, $type)[0];
}
sub sample {
    my $name = shift;
    my $v = { map { $_->{name} => $_->{kind} eq 'o' || $_->{null} ? undef : _small($_->{type}, $_) } @{ $SCHEMA{$name}{fields} } };
    delete @$v{ map { $_->{name} } grep { $_->{kind} eq 'o' } @{ $SCHEMA{$name}{fields} } };
    @$v{qw(permissions)} = [ 'CAN_VIEW' ] if $name eq 'S21';
    $v->{classNames} = [ 'yes', 'no' ] if $name eq 'S24';
    return $v;
}

# --- endpoints ---------------------------------------------------------------------------

# Id, method, path below /api/v2/, statuses of success and of refusal, schemas of the body
# and of the answer; then its query: name, type (lists are words, `|` between them), default.
our %ENDPOINT = _endpoints(<<'END');
E1 GET modelPackages/ 200 400,403,404 - S16
  offset int 0
  limit int 100
  modelId string
  similarTo id
  forChallenger bool false
  search string
  predictionThreshold number
  imported bool
  predictionEnvironmentId id
  modelKind any
  buildStatus inProgress|complete|failed
E2 POST modelPackages/fromLeaderboard/ 202 422 S12 S21
E3 POST modelPackages/fromLearningModel/ 201 403,404,422 S13 S21
E4 GET modelPackages/{id}/ 200 404 - S21
E5 POST modelPackages/{id}/archive/ 204 403,404 - -
E6 GET modelPackages/{id}/capabilities/ 200 404 - S10
E7 GET modelPackages/{id}/features/ 200 404,422 - S5
  offset int 0
  limit int 0
  includeNonPredictionFeatures false|False|true|True false
  forSegmentedAnalysis false|False|true|True false
  search string
  orderBy name|importance|-name|-importance name
E8 GET modelPackages/{id}/modelLogs/ 200 404,422 - S20
  offset int 0
  limit int 100
E9 GET modelPackages/{id}/sharedRoles/ 200 404,422 - S35
  id string
  offset int 0
  limit int 100
  name string
  shareRecipientType user|group|organization
E10 GET registeredModels/ 200 422 - S29
  offset int 0
  limit int 100
  search string
  createdAtStartTs time
  createdAtEndTs time
  modifiedAtStartTs time
  modifiedAtEndTs time
  targetName string
  targetType string
  createdBy string
  sortKey createdAt|modifiedAt|name createdAt
  sortDirection asc|desc
  compatibleWithLeaderboardModelId id
  compatibleWithModelPackageId id
  forChallenger bool
  predictionThreshold number
  imported bool
  predictionEnvironmentId id
  modelKind any
  buildStatus inProgress|complete|failed
  stage Registered|Development|Staging|Production|Archived
  isGlobal bool
  tagKeys string
  tagValues string
E11 DELETE registeredModels/{id}/ 204 403,404 - -
E12 GET registeredModels/{id}/ 200 404 - S30
E13 PATCH registeredModels/{id}/ 200 403,404,422 S32 S30
E14 GET registeredModels/{id}/deployments/ 200 404,422 - S28
  offset int 0
  limit int 100
  search string
  sortKey createdAt|label
  sortDirection asc|desc
E15 GET registeredModels/{id}/sharedRoles/ 200 404,422 - S35
  id string
  offset int 0
  limit int 100
  name string
  shareRecipientType user|group|organization
E16 PATCH registeredModels/{id}/sharedRoles/ 204 403,404,409,422 S34 -
E17 GET registeredModels/{id}/versions/ 200 404,422 - S33
  offset int 0
  limit int 100
  sortKey version|modelType|status|createdAt|updatedAt|modifiedAt version
  sortDirection asc|desc
  targetName string
  targetType string
  search string
  compatibleWithLeaderboardModelId id
  compatibleWithModelPackageId id
  forChallenger bool
  predictionThreshold number
  imported bool
  predictionEnvironmentId id
  modelKind any
  buildStatus inProgress|complete|failed
  stage Registered|Development|Staging|Production|Archived
  useCaseId id
  createdBy string
  tagKeys string
  tagValues string
E18 GET registeredModels/{id}/versions/{vid}/ 200 404 - S21
E19 GET registeredModels/{id}/versions/{vid}/deployments/ 200 404,422 - S28
  offset int 0
  limit int 100
  search string
  sortKey createdAt|label
  sortDirection asc|desc
END

sub _endpoints {
    my (%all, $e);
    for (split /\n/, shift) {
        if (my ($no, $method, $path, $good, $bad, $in, $out) = m{^(E\d+) (\w+) (\S+) (\d+) (\S+) (\S+) (\S+)$}) {
            $all{$no} = $e = { method => $method, path => $path, status => $good, refusals => { map { $_ => 1 } split /,/, $bad },
                body => $in eq '-' ? undef : $in, answer => $out eq '-' ? undef : $out, query => {} };
        } elsif (my ($name, $type, $default) = /^  (\w+) (\S+)(?: (\S+))?$/) { $e->{query}{$name} = { type => $type, default => $default } }
        else { die "neither an endpoint nor a parameter: $_" }
    }
    return %all;
}

# A subtest that fails where it dies, and the ones after it go on.
sub scene {
    my ($name, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::subtest($name => sub { eval { $code->(); 1 } or Test::More::fail('it ends') || Test::More::diag($@) });
}

# --- requests and answers -------------------------------------------------------------------

sub reg {
    my ($t, $method, $path, %o) = @_;
    my $query = delete $o{query};
    return $t->req($method => "$API/$path" . (defined $query && length $query ? "?$query" : ''), token => $t->admin, %o);
}

# A request of an endpoint: its path filled in from { id, vid }.
sub e {
    my ($t, $no, $ids, %o) = @_;
    my $e = $ENDPOINT{$no} // die "no endpoint $no";
    return reg($t, $e->{method}, $e->{path} =~ s/\{(\w+)\}/$ids->{$1} \/\/ die "no $1 for $no"/ger, %o);
}

# A success of an endpoint, whole: its JSON.
sub answered {
    my ($r, $no, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = $ENDPOINT{$no};
    my @bad;
    push @bad, "status $r->{status}, not $e->{status}" if $r->{status} != $e->{status};
    if ($e->{answer} && !@bad) {
        push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
        push @bad, fits($e->{answer}, $r->{json});
    } elsif (!@bad) { push @bad, 'a body' if length $r->{body} }
    push @bad, 'no X-Request-Id' unless length($r->{headers}{'x-request-id'} // '');
    Test::More::is(join("\n", @bad), '', "$name: $no, $e->{status}" . ($e->{answer} ? " $SCHEMA{ $e->{answer} }{name}" : '')) or Test::More::diag(substr $r->{raw}, 0, 3000);
    return $r->{json};
}

# The error envelope, whole; text: what the message, or a field with its reason, says; field:
# the one that errors name.
sub refused {
    my ($r, $status, $text, $name, $field) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $m = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my $errors = ref $m->{errors} eq 'HASH' ? $m->{errors} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
    push @bad, 'no message' unless length($m->{message} // '') && !ref $m->{message};
    push @bad, "a member $_" for grep { !/^(?:message|errors)$/ } sort keys %$m;
    push @bad, 'errors are no object of texts' if exists $m->{errors} && (!%$errors || grep { !defined || ref || !length } values %$errors);
    push @bad, "errors name " . (join(' ', sort keys %$errors) || 'nothing') . ", not $field" if defined $field && !exists $errors->{$field};
    push @bad, "nothing says $text" if defined $text && !grep { $_ =~ $text } $m->{message} // '', map { "$_: $errors->{$_}" } sort keys %$errors;
    push @bad, 'cacheable' unless ($r->{headers}{'cache-control'} // '') =~ /no-store/;
    push @bad, 'no X-Request-Id' unless length($r->{headers}{'x-request-id'} // '');
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr($r->{raw} // '', 0, 2000));
}

# The path and query of an address of this server.
sub path_of { $_[0] =~ m{^https?://[^/]+(/.*)$} ? $1 : die "no absolute address: " . ($_[0] // 'null') . "\n" }

# All items of a list, by `next` to its end; between is called after each page.
sub walk {
    my ($t, $path, %o) = @_;
    my ($between, @all) = (delete $o{between});
    for (my $pages = 0; defined $path; $pages++) {
        die "no end of the list\n" if $pages > 200;
        my $r = $t->req(GET => $path, token => $t->admin, %o);
        $r->{status} == 200 or die "$path: $r->{raw}";
        push @all, @{ $r->{json}{data} };
        $between->($pages) if $between;
        exists $r->{json}{next} or die "no `next`: $r->{raw}";
        $path = defined $r->{json}{next} ? path_of($r->{json}{next}) : undef;
    }
    return @all;
}

# --- objects ------------------------------------------------------------------------------------

my $made = 0;
sub made { my ($r, $status, $what) = @_; $r->{status} == $status or die "$what: $r->{raw}"; return $r->{json} }
sub named { "$_[0] $$ " . ++$made }

# A package of an external model, from JSON alone: the reply's object. Model members beside
# target are given as they are sent.
sub external {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $body = { name => named('package'), target => { name => 'churn', type => 'Regression' }, %o };
    return made(reg($t, POST => 'modelPackages/fromJSON/', token => $token, body => $body), 201, 'fromJSON');
}

# A leaderboard model: what a trainer would have made. Gives its id and its project's.
sub imported {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $project = delete $o{project} // sprintf '%08x%016x', time, int rand 2 ** 52;
    my $body = { modelType => 'Gradient Boosted Trees', projectName => 'Churn', target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] },
        features => [ { name => 'age', featureType => 'Numeric', importance => 0.5, dateFormat => undef, knownInAdvance => false } ],
        logs => [ { level => 'INFO', message => 'trained', time => 1700000000.5 } ], %o };
    return made(reg($t, POST => "projects/$project/models/import/", token => $token, body => $body), 201, 'import');
}
sub from_leaderboard {
    my ($t, $model, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    return made(reg($t, POST => 'modelPackages/fromLeaderboard/', token => $token, body => { modelId => $model, %o }), 202, 'fromLeaderboard');
}

# The worker builds what is queued.
sub built { my $t = shift; my $r = $t->thaw('build'); $r->{exit} and die "thaw build: $r->{err}"; return $r }

sub registered { my ($t, $id, %o) = @_; return e($t, 'E12', { id => $id }, %o)->{json} }

sub custom_model {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    return made(reg($t, POST => 'customModels/', token => $token, body => { name => named('custom'), targetType => 'Binary', customModelType => 'inference', targetName => 'churn',
        positiveClassLabel => 'yes', negativeClassLabel => 'no', language => 'Python', %o }), 201, 'custom model');
}
sub custom_version {
    my ($t, $model, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = reg($t, POST => "customModels/$model/versions/", token => $token, body => { isMajorUpdate => 'true', %o });
    $r->{status} =~ /^20[01]$/ or die "custom version: $r->{raw}";
    return $r->{json};
}

sub environment {
    my ($t, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = reg($t, POST => 'predictionEnvironments/', token => $token, body => { name => named('environment'), platform => 'other', %o });
    return made($r, 201, 'environment');
}

# A deployment of a package, when its job is done: the object that GET gives.
sub deployment {
    my ($t, $package, %o) = @_;
    my $token = delete $o{token} // $t->admin;
    my $r = reg($t, POST => 'deployments/fromModelPackage/', token => $token, body => { modelPackageId => $package, label => named('deployment'), %o });
    my $id = made($r, 202, 'deployment')->{id};
    done_at($t, $r, token => $token);
    return made(reg($t, GET => "deployments/$id/", token => $token), 200, 'deployment');
}

# The reply of a job's address, and what it ends in: the Location of its 303.
sub status_of { my ($t, $r, %o) = @_; return $t->req(GET => path_of($r->{headers}{location}), token => $t->admin, %o) }
sub done_at {
    my ($t, $r, %o) = @_;
    my $end = within(10, sub { my $s = status_of($t, $r, %o); $s->{status} == 200 ? undef : $s }, 'the job');
    $end->{status} == 303 or die "the job: $end->{raw}";
    return $end->{headers}{location};
}

# --- who ------------------------------------------------------------------------------------------

# Roles of a registered model: share($t, $id, [ [ USER => user => 'name' ], ... ], token => ...); by id where
# the recipient is no name; the reply.
sub share {
    my ($t, $id, $roles, %o) = @_;
    return e($t, 'E16', { id => $id }, body => { operation => 'updateRoles', roles => [ map {
        my ($role, $kind, $who) = @$_;
        { role => $role, shareRecipientType => $kind, $who =~ /^[0-9a-f]{24}$/ ? (id => $who) : (username => $who) } } @$roles ] }, %o);
}

# Users of the ordinary role, by name: their tokens.
sub people { my ($t, @names) = @_; return map { $t->user($_); $_ => $t->token($_) } @names }

# The role that a list of roles gives to whom.
sub role_of { my ($t, $id, $name, %o) = @_; return join ' ', map { $_->{role} } grep { $_->{name} eq $name } @{ e($t, 'E15', { id => $id }, %o)->{json}{data} } }

1;
