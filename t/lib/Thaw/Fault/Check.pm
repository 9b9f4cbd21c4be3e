# What the campaign of faults goes by: is what was told true of what is there?
#
#   my ($bad, $count) = Thaw::Fault::Check::check($history);      # a list of [ kind, words ]; numbers
#
# The history is a hash (Thaw::Fault's history): requests with their tries, rows of the audit,
# events, attempts, objects, versions, deliveries, and the tables of requests and transitions.
# Each request bears its own id as User-Agent, which the audit keeps: so that of every row there is
# known which request made it, also of those whose answer never came.
#
# Whether an object's history is linearizable needs no search here.  Its changes are in a total order already,
# that of its revisions; what is to be seen is whether that order can be that of real time, and
# whether everything that was read, refused or left as it was has a place in it.  A change of
# revision r is at 2r, what was read of revision r at 2r + 1, between the changes.  Both orders
# together have a circle exactly when one request ended before another began and is behind it:
# a circle has a step of time that leads back, since places alone never do.  So each is held against
# the highest place of those that had ended when it began.  What fits at several places (a refusal:
# at every revision whose state refuses it) takes the lowest that those before it allow, in the order
# in which they began; a lower one never takes room from a later one, so if that fails all fail.
package Thaw::Fault::Check;
use strict;
use warnings;
use List::Util qw(max min first);
use Exporter 'import';

our @EXPORT_OK = qw(check %KINDS);

# Everything that can be wrong, and in which number of the report it counts.
our %KINDS = (
    lost => 'an acknowledged change that is not there, or not whole', doubled => 'a change that was made twice', orphan => 'a row that no request made',
    refused => 'a change made by a request that was refused', answer => 'an answer that no client should get', gap => 'a number left out or given twice',
    step => 'a step that the table of transitions does not have', target => 'a computed target that is wrong', order => 'an order of changes that contradicts time',
    stale => 'an answer older than what was told before', replay => 'a repetition that was not told the first answer', event => 'an event missing, doubled or out of order',
    delivery => 'a delivery missing or out of order', state => 'an object that is not as its history has it',
);

my $never = 9 ** 9 ** 9;
sub words { my ($states) = @_; return { map { $_ => 1 } ref $states ? @$states : split ' ', $states } }
sub definite { my $s = $_[0]{status}; return $s && $s < 500 }
sub good { return ($_[0]{status} // 0) =~ /^2/ }

sub check {
    my ($h) = @_;
    my $k = { h => $h, bad => [], count => {}, rows_of => {}, chain => {}, seen => {}, transition => {}, told => {} };
    push @{ $k->{transition}{"$_->{type} $_->{action}"} }, $_ for @{ $h->{transitions} };
    $k->{named}{ $_->{name} } = $_ for @{ $h->{transitions} };
    push @{ $k->{chain}{"$_->{type} $_->{id}"} }, $_ for @{ $h->{audit} };
    push @{ $k->{rows_of}{ $_->{agent} } }, $_ for @{ $h->{audit} };
    requests($k);
    orphans($k);
    events($k);
    chains($k);
    versions($k);
    time_order($k, $_) for sort keys %{ $k->{seen} };
    targets($k);
    deliveries($k);
    return ($k->{bad}, $k->{count});
}

sub bad { my ($k, $kind, $what) = @_; exists $KINDS{$kind} or die "no kind $kind"; push @{ $k->{bad} }, [ $kind, $what ] }
sub count { my ($k, $what, $n) = @_; $k->{count}{$what} += $n // 1 }

# --- requests: each with its rows, or with none ---------------------------------------------------

sub requests {
    my $k = shift;
    my %attempts;
    $attempts{ $_->{request} }++ for @{ $k->{h}{attempts} };
    for my $op (@{ $k->{h}{ops} }) {
        my $row = $k->{h}{rows}{ $op->{row} };
        my @tries = @{ $op->{tries} };
        my $what = "$op->{id} ($op->{row})";
        count($k, 'requests', scalar @tries);
        for (@tries) {
            my $s = $_->{status} // 0;
            count($k, "answered $s");
            bad($k, answer => "$what was answered $s") if $s !~ /^(?:0|2\d\d|40[0149]|422|503)$/;
        }
        if ($row->{read}) { reading($k, $op, $row); next }
        my @rows = @{ $k->{rows_of}{ $op->{id} } // [] };
        my @acked = grep { good($_) } @tries;
        count($k, @acked ? 'acknowledged' : (grep { definite($_) } @tries) ? 'refusals' : @rows ? 'unknown, applied' : 'unknown, not applied');
        count($k, 'retried') if @acked && !good($tries[0]);
        replays($k, $op, $what);
        if (@rows) { made($k, $op, $row, $what, \@rows, \%attempts) }
        elsif (@acked) {
            if ($row->{again}) { left_as_is($k, $op, $row, $acked[0]) }
            else { bad($k, lost => "$what was answered $acked[0]{status} and left no row, request $acked[0]{request}") }
        }
        refusal($k, $op, $row) if !@acked && !@rows;
    }
}

# A change that is there: whole, once, and its own.
sub made {
    my ($k, $op, $row, $what, $rows, $attempts) = @_;
    my @tries = @{ $op->{tries} };
    my %left;
    $left{ $_->{action} }++ for @$rows;
    my %is = map { $k->{named}{$_}{action} => 1 } @{ $row->{does} };
    my $main = 0;
    $main += delete $left{$_} // 0 for keys %is;
    bad($k, lost => "$what is there without its own row") if !$main;
    bad($k, doubled => "$what is there $main times") if $main > 1;
    for (@{ $row->{with} }) {
        my $n = delete $left{$_} // 0;
        bad($k, lost => "$what is there without $_") if !$n;
        bad($k, doubled => "$what has $_ $n times") if $n > 1;
    }
    for (@{ $row->{may} }) { bad($k, doubled => "$what has $_ more than once") if (delete $left{$_} // 0) > 1 }
    bad($k, orphan => "$what has $_ too") for sort keys %left;
    for my $v (grep { $row->{built} && $_->{type} eq 'model_version' } @$rows) {
        my $n = grep { $_->{action} =~ /^model_version\.buil(?:t|d_failed)$/ } @{ $k->{chain}{"model_version $v->{id}"} };
        bad($k, lost => "$what was never built") if !$n;
        bad($k, doubled => "$what was built $n times") if $n > 1;
        count($k, 'built', $n);
    }
    my %by = map { $_->{request} => 1 } @$rows;
    bad($k, doubled => "$what is there under " . join(' and ', sort keys %by)) if keys %by > 1;
    my ($request) = keys %by;
    # Who answered it did it; a try that was not answered may have.
    my ($own) = grep { ($_->{request} // '') eq $request } @tries;
    bad($k, orphan => "$what is there under $request, of which no client was told") if !$own && !grep { !definite($_) } @tries;
    bad($k, lost => "$what was acknowledged as $_->{request} and is there as $request") for grep { good($_) && !$_->{replayed} && $_->{request} ne $request } @tries;
    bad($k, refused => "$what was answered $_->{status} and is there") for grep { definite($_) && !good($_) && $_->{status} != 401 } @tries;
    bad($k, lost => "$what has " . ($attempts->{$request} // 0) . ' attempts that are done') if ($attempts->{$request} // 0) != 1;
    my $answered = min map { good($_) ? $_->{answered} : $never } @tries;
    for my $r (@$rows) {
        push @{ $k->{seen}{"$r->{type} $r->{id}"} }, { sent => $tries[0]{sent}, answered => $answered, at => 2 * $r->{revision}, what => $what, main => $is{ $r->{action} } };
        bad($k, state => "$what was told revision $_->{tag} of $r->{revision}") for grep { $is{ $r->{action} } && good($_) && defined $_->{tag} && $_->{tag} != $r->{revision} } @tries;
        push @{ $k->{marks}{"$r->{type} $r->{id}"} }, [ $r->{revision}, $op->{id} ] if $row->{marks} && $is{ $r->{action} };
    }
}

# The first answer is the one of all repetitions.
sub replays {
    my ($k, $op, $what) = @_;
    my @all = grep { definite($_) && $_->{status} != 401 } @{ $op->{tries} };
    my ($first, @more) = @all;
    for my $again (@more) {
        count($k, 'repeated');
        next if $again->{status} == $first->{status} && $again->{digest} eq $first->{digest};
        bad($k, replay => "$what was answered $first->{status}, then $again->{status}" . ($again->{status} == $first->{status} ? ' with another body' : ''));
    }
}

# --- what only looked, and what was refused ------------------------------------------------------------

sub look_at { my ($k, $op, $try, %o) = @_; push @{ $k->{seen}{ $op->{on} } }, { sent => $try->{sent}, answered => $try->{answered}, what => "$op->{id} ($op->{row}, $try->{status})", %o } }

sub reading {
    my ($k, $op, $row) = @_;
    for my $try (grep { definite($_) } @{ $op->{tries} }) {
        if (!good($try)) { refusal($k, $op, $row); next }
        count($k, 'reads');
        if (defined $try->{tag}) { look_at($k, $op, $try, at => 2 * $try->{tag} + 1) }
        elsif ($row->{seen}) { look_at($k, $op, $try, seen => $try->{seen} // '') }
    }
}

sub left_as_is {
    my ($k, $op, $row, $try) = @_;
    count($k, 'nothing to do');
    look_at($k, $op, $try, states => words($row->{again})) if $row->{again} ne '*';
}

# A refusal is right at a revision in whose state the request may not be made.
sub refusal {
    my ($k, $op, $row) = @_;
    return if $row->{loose} || !$op->{on};
    my @from = map { split ' ', $k->{named}{$_}{from} } @{ $row->{does} };
    my $may = words($row->{needs} // \@from);
    look_at($k, $op, $_, except => $may) for grep { definite($_) && !good($_) && $_->{status} != 401 } @{ $op->{tries} }[0];
}

# --- an object's history in the order of time ---------------------------------------------------------

sub time_order {
    my ($k, $object) = @_;
    my @rows = @{ $k->{chain}{$object} // [] };
    my %state = map { $_->{revision} => $_->{to} } @rows;
    my $last = max 0, keys %state;
    my @marks = sort { $a->[0] <=> $b->[0] } @{ $k->{marks}{$object} // [] };
    my @all = sort { $a->{sent} <=> $b->{sent} } @{ $k->{seen}{$object} };
    my @ended = sort { $a->{answered} <=> $b->{answered} } @all;
    # The lowest place of what began after a moment, of those that have one.
    my (@later, $low);
    $low = $never;
    for (reverse @all) { $low = min($low, $_->{at}) if defined $_->{at}; unshift @later, [ $_->{sent}, $low ] }
    my ($high, $behind, $i, $j) = (0, undef, 0, 0);
    my %waiting;
    for my $o (@all) {
        while ($i < @ended && $ended[$i]{answered} < $o->{sent}) {
            my $e = $ended[ $i++ ];
            ($high, $behind) = ($e->{at}, $e) if defined $e->{at} && $e->{at} > $high;
        }
        if (defined $o->{at}) {
            bad($k, $o->{at} % 2 ? 'stale' : 'order', "$object: $o->{what} is at revision " . int($o->{at} / 2) . ", after $behind->{what} was told " . int($high / 2)) if $high > $o->{at};
            count($k, 'placed');
            next;
        }
        my ($a, $z) = (0, scalar @later);
        while ($a < $z) { my $m = int(($a + $z) / 2); $later[$m][0] > $o->{answered} ? ($z = $m) : ($a = $m + 1) }
        my $top = $a < @later ? $later[$a][1] : $never;
        my $r = int($high / 2);
        $r++ while $r <= $last && 2 * $r + 1 <= $top && !fits($o, $state{$r} // '', \@marks, $r);
        if ($r > $last || 2 * $r + 1 > $top) {
            bad($k, stale => "$object: $o->{what} fits at no revision from " . int($high / 2) . ' to ' . min($last, int($top / 2)) . ', whose states are ' . join ' ', map { $state{$_} // 'none' } int($high / 2) .. min($last, int($top / 2)));
        } else { $o->{at} = 2 * $r + 1; count($k, 'placed') }
    }
}

sub fits {
    my ($o, $state, $marks, $revision) = @_;
    return $o->{states}{$state} if $o->{states};
    return !$o->{except}{$state} if $o->{except};
    my $mark = '';
    for (@$marks) { last if $_->[0] > $revision; $mark = $_->[1] }
    return $mark eq $o->{seen};
}

# --- what is there ------------------------------------------------------------------------------------

# What builders do is theirs; what was before the campaign is not looked at.
my %builders = map { $_ => 1 } qw(model.version_built model_version.built model.version_build_failed model_version.build_failed);
sub orphans {
    my $k = shift;
    my %known = map { $_->{id} => 1 } @{ $k->{h}{ops} };
    for my $r (@{ $k->{h}{audit} }) {
        count($k, 'rows of the audit');
        next if $known{ $r->{agent} } || $k->{h}{begun}{ $r->{request} } || ($r->{agent} eq 'thaw' && $builders{ $r->{action} });
        bad($k, orphan => "$r->{action} of $r->{type} $r->{id}, revision $r->{revision}, by request $r->{request}");
    }
}

sub events {
    my $k = shift;
    my (%event, %number);
    push @{ $event{"$_->{type} $_->{id} $_->{revision}"} }, $_ for @{ $k->{h}{events} };
    for my $r (@{ $k->{h}{audit} }) {
        my $at = "$r->{type} $r->{id} $r->{revision}";
        my $told = first { $_->{event} ne '-' } @{ $k->{transition}{"$r->{type} $r->{action}"} // [] };
        my @e = @{ delete $event{$at} // [] };
        if (@e != ($told ? 1 : 0)) { bad($k, event => "$r->{action} of $at has " . @e . ' events') if !$k->{h}{begun}{ $r->{request} }; next }
        bad($k, event => "$r->{action} of $at has an event $_->{action} of request $_->{request}") for grep { $_->{action} ne $told->{event} || $_->{request} ne $r->{request} } @e;
    }
    bad($k, event => "an event $_ without a change") for sort keys %event;
    my (%high, $n);
    for my $e (sort { $a->{sequence} <=> $b->{sequence} } grep { defined $_->{sequence} } @{ $k->{h}{events} }) {
        bad($k, gap => "event number $e->{sequence} after " . ($n // 0)) if $e->{sequence} != ($n // 0) + 1;
        $n = $e->{sequence};
        my $was = \$high{"$e->{type} $e->{id}"};
        bad($k, event => "$e->{type} $e->{id}: revision $e->{revision} is numbered behind $$was") if ($$was // 0) > $e->{revision};
        $$was = $e->{revision};
    }
    bad($k, event => "$_->{event} has no number") for grep { !defined $_->{sequence} } @{ $k->{h}{events} };
    count($k, 'events', scalar @{ $k->{h}{events} });
}

sub chains {
    my $k = shift;
    for my $object (sort keys %{ $k->{chain} }) {
        my ($n, $state) = (0);
        for my $r (sort { $a->{revision} <=> $b->{revision} } @{ $k->{chain}{$object} }) {
            bad($k, gap => "$object: revision $r->{revision} after $n") if $r->{revision} != $n + 1;
            bad($k, step => "$object: revision $r->{revision} starts at " . ($r->{from} // 'nothing') . ', the one before ended at ' . ($state // 'nothing')) if ($r->{from} // '') ne ($state // '');
            bad($k, step => "$object: revision $r->{revision}, $r->{action} from " . ($r->{from} // 'nothing') . " to $r->{to}") if !grep { legal($_, $r) } @{ $k->{transition}{"$r->{type} $r->{action}"} // [] };
            ($n, $state) = @$r{qw(revision to)};
        }
        my $o = $k->{h}{objects}{$object} or next;
        bad($k, state => "$object is $o->{state} at revision $o->{revision}, its history ends with $state at $n") if $o->{state} ne $state || $o->{revision} != $n;
        count($k, 'objects');
    }
    bad($k, state => "$_ has no history") for grep { !$k->{chain}{$_} } sort keys %{ $k->{h}{objects} };
}

sub legal {
    my ($t, $r) = @_;
    return !defined $r->{from} && $r->{to} eq $t->{to} if $t->{from} eq '-';
    my ($from, $stays) = (words($t->{from}), words($t->{stays}));
    return if !defined $r->{from} || !$from->{ $r->{from} };
    return 1 if $t->{to} =~ /^computed/;
    return $r->{to} eq ($t->{to} eq 'same' || $stays->{ $r->{from} } ? $r->{from} : $t->{to});
}

sub versions {
    my $k = shift;
    my %of;
    push @{ $of{ $_->{model} } }, $_ for @{ $k->{h}{versions} };
    for my $model (sort keys %of) {
        my @numbers = sort { $a <=> $b } map { $_->{number} } @{ $of{$model} };
        bad($k, gap => "model $model has the versions @numbers") if "@numbers" ne join ' ', 1 .. @numbers;
        bad($k, gap => "model $model counts $of{$model}[0]{last} of " . @numbers . ' versions') if $of{$model}[0]{last} != @numbers;
        count($k, 'versions', scalar @numbers);
    }
}

# --- targets that are computed ----------------------------------------------------------------------

sub targets {
    my $k = shift;
    my %makes = map { $_ => 1 } qw(model.training_completed model.version_created model.version_promoted);
    for my $object (sort keys %{ $k->{chain} }) {
        my ($type) = split ' ', $object;
        my ($versions, $archived, $built) = (0);
        for my $r (sort { $a->{revision} <=> $b->{revision} } @{ $k->{chain}{$object} }) {
            $versions++ if $makes{ $r->{action} };
            my $right = $type eq 'model' && $r->{action} =~ /\.(?:unarchived|training_completed|training_failed)$/ ? ($versions ? 'ready' : 'draft')
                : $r->{action} eq 'project.restored' ? $archived : $r->{action} eq 'project.built' ? $built : undef;
            $archived = $r->{from} if $r->{action} eq 'project.archived';
            $built = $r->{from} if $r->{action} eq 'project.build_started';
            next if !defined $right;
            count($k, 'computed targets');
            bad($k, target => "$object: $r->{action} at revision $r->{revision} gave $r->{to}, not $right") if $r->{to} ne $right;
        }
    }
    workspaces($k);
}

# What a workspace becomes depends on its entities, which have orders of their own: it is active for
# certain when one of them began to be before and ended after the request, and ready when none can have been.
sub workspaces {
    my $k = shift;
    my (%spans, $final);
    $final = words('dissolved cancelled rejected');
    my %when;                                # of a row, when its request began and ended
    for my $object (keys %{ $k->{seen} }) { $when{"$object $_->{at}"} = $_ for grep { defined $_->{at} && $_->{at} % 2 == 0 } @{ $k->{seen}{$object} } }
    my $time = sub { my ($r) = @_; return $when{"$r->{type} $r->{id} @{[ 2 * $r->{revision} ]}"} // { sent => 0, answered => 0 } };
    for my $id (sort keys %{ $k->{h}{entities} }) {
        my @rows = sort { $a->{revision} <=> $b->{revision} } @{ $k->{chain}{"entity $id"} // [] } or next;
        my $end = first { $final->{ $_->{to} } } @rows;
        push @{ $spans{ $k->{h}{entities}{$id} } }, [ $time->($rows[0]), $end ? $time->($end) : { sent => $never, answered => $never } ];
    }
    for my $object (grep { /^workspace / } sort keys %{ $k->{chain} }) {
        my ($id) = $object =~ / (.*)/;
        my @spans = @{ $spans{$id} // [] };
        for my $r (grep { $_->{action} eq 'workspace.unarchived' } @{ $k->{chain}{$object} }) {
            my $w = $time->($r);
            count($k, 'computed targets');
            my $certain = grep { $_->[0]{answered} < $w->{sent} && $_->[1]{sent} > $w->{answered} } @spans;
            my $possible = grep { $_->[0]{sent} < $w->{answered} && $_->[1]{answered} > $w->{sent} } @spans;
            bad($k, target => "$object: unarchived at revision $r->{revision} to $r->{to}, with $certain entities for certain and $possible perhaps") if $r->{to} eq ($certain ? 'ready' : $possible ? '' : 'active');
        }
        my $living = grep { $_->[1]{sent} == $never } @spans;
        my $state = ($k->{h}{objects}{$object} // next)->{state};
        bad($k, target => "$object is $state in the end, with $living entities") if $state eq ($living ? 'ready' : 'active');
    }
}

# --- deliveries: each event at least once, of one object in order --------------------------------------

sub deliveries {
    my $k = shift;
    my (%event, %first, %high);
    $event{ $_->{event} } = $_ for @{ $k->{h}{events} };
    for my $d (@{ $k->{h}{deliveries} }) {
        count($k, 'delivered');
        my $e = $event{ $d->{event} };
        if (!$e) { bad($k, delivery => "$d->{event} was delivered, and there is no such event"); next }
        if ($first{ $d->{event} }) { count($k, 'delivered again'); next }
        next if $d->{status} !~ /^2/;
        $first{ $d->{event} } = 1;
        my $was = \$high{"$e->{type} $e->{id}"};
        bad($k, delivery => "$e->{type} $e->{id}: revision $e->{revision} came after $$was") if ($$was // 0) > $e->{revision};
        $$was = $e->{revision};
    }
    bad($k, delivery => "$_->{action} of $_->{type} $_->{id}, revision $_->{revision}, never came") for grep { !$first{ $_->{event} } && !$k->{h}{begun}{ $_->{request} } } @{ $k->{h}{events} };
}

1;
