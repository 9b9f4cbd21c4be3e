# A campaign of faults from its start to its report: what t/fault/run prints.
package Thaw::Fault::Report;
use strict;
use warnings;
use JSON::PP ();
use List::Util qw(max min sum0);
use Thaw;
use Thaw::Cluster;
use Thaw::Fault;
use Thaw::Fault::Check qw(check %KINDS);
use Thaw::Fault::Faults '@FAULTS';

# What a campaign is without, to see that it finds what comes of it.
our %CONTROLS = (
    flush => { what => 'the database does not flush at COMMIT', nodes => 1, mariadb => ['--innodb-flush-log-at-trx-commit=0'], only => ['database-kill'], finds => 'lost' },
    sync => { what => 'reads do not wait for what the cluster committed', nodes => 3, config => { galera => 'off' }, only => ['worker-kill'], finds => 'stale' },
);

# How long nothing was acknowledged, anywhere, after each fault until the next one.
sub gaps {
    my ($c, $h) = @_;
    my @acks = sort { $a <=> $b } map { my $op = $_; $h->{rows}{ $op->{row} }{read} ? () : map { $_->{answered} } grep { ($_->{status} // 0) =~ /^2/ && !$_->{replayed} } @{ $op->{tries} } } @{ $h->{ops} };
    my (%gap, $i);
    $i = 0;
    my @f = @{ $c->{injected} };
    for my $n (0 .. $#f) {
        my ($from, $until) = ($f[$n]{from}, $n < $#f ? $f[ $n + 1 ]{from} : $f[$n]{until} + 1);
        $i++ while $i < @acks && $acks[$i] < $from;
        my ($was, $most) = ($from, 0);
        for (my $j = $i; $j < @acks && $was < $until; $j++) { $most = max($most, min($acks[$j], $until) - $was); $was = $acks[$j] }
        push @{ $gap{ $f[$n]{name} } }, $most;
    }
    return \%gap;
}

# The nodes of a cluster have the same rows.
sub unequal {
    my $c = shift;
    return if !$c->{cluster};
    my @tables = map { $_->[0] } $c->{cluster}->sql(0, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'thaw' AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME <> 'services' ORDER BY 1");
    my @sums = map { my $n = $_; [ map { "@$_" } $c->{cluster}->sql($n, 'SET SESSION wsrep_sync_wait = 15; CHECKSUM TABLE ' . join ', ', map { "thaw.$_" } @tables) ] } 0 .. 2;
    return map { my $i = $_; my %is = map { $sums[$_][$i] => 1 } 0 .. 2; keys %is > 1 ? "the nodes differ in $tables[$i]" : () } 0 .. $#tables;
}

# All of it, as a hash.
sub result {
    my ($c) = @_;
    my $h = $c->history;
    my ($bad, $count) = check($h);
    my %wrong = map { $_ => 0 } keys %KINDS;
    $wrong{ $_->[0] }++ for @$bad;
    my @errors = @{ $c->{failed} };
    for my $n (0 .. $#{ $c->{t} }) {
        my $r = $c->{t}[$n]->thaw('audit', 'verify');
        push @errors, "thaw audit verify at node $n: $r->{out}$r->{err}" if $r->{exit};
        my $text = join '', map { slurp($_) } glob "$c->{t}[$n]{dir}/sanitizer* $c->{t}[$n]{dir}/worker.log";
        push @errors, "node $n: $1" if $text =~ /(.*(?:Sanitizer|runtime error:).*)/;
    }
    push @errors, unequal($c);
    my $gap = gaps($c, $h);
    return { fine => !@$bad && !@errors && $count->{acknowledged} ? 1 : 0, seconds => $c->{seconds}, nodes => $c->{nodes}, seed => $c->{seed}, count => $count, wrong => \%wrong, bad => $bad, aborted => $c->{aborted} // 0, errors => \@errors, skipped => $c->{skipped},
        faults => { map { my $g = $gap->{ $_->{name} }; $g ? ($_->{name} => { times => scalar @$g, median => (sort { $a <=> $b } @$g)[ $#$g / 2 ], worst => max(@$g) }) : () } @FAULTS } };
}

sub say_all {
    my ($r) = @_;
    my $n = $r->{count};
    my %of = map { $_->{name} => $_->{what} } @FAULTS;
    my $text = sprintf "%-16s %5s %11s %11s\n", 'fault', 'times', 'gap, median', 'gap, worst';
    for my $name (grep { $r->{faults}{$_} } map { $_->{name} } @FAULTS) {
        my $f = $r->{faults}{$name};
        $text .= sprintf "%-16s %5d %9.2f s %9.2f s   %s\n", $name, @$f{qw(times median worst)}, $of{$name};
    }
    $text .= "skipped: $_ ($r->{skipped}{$_})\n" for sort keys %{ $r->{skipped} };
    $text .= "the full disk made mariadbd abort: $r->{aborted} times\n" if $r->{aborted};
    my $answers = join ', ', map { /^answered (\d+)/ ? ($1 || 'none') . " x $n->{$_}" : () } sort keys %$n;
    my $unknown = ($n->{'unknown, applied'} // 0) + ($n->{'unknown, not applied'} // 0);
    $text .= sprintf "\n%d faults in %.0f s, seed %d, nodes %d\n", sum0(map { $_->{times} } values %{ $r->{faults} }), @$r{qw(seconds seed nodes)};
    $text .= sprintf "requests %d, acknowledged %d, refused %d, unknown %d (applied %d, not applied %d), reads %d\n", map { $_ // 0 } @$n{qw(requests acknowledged refusals)}, $unknown, @$n{ 'unknown, applied', 'unknown, not applied' }, $n->{reads};
    $text .= "answers: $answers\n";
    $text .= sprintf "settled by a retry under their key %d, repeated %d, nothing to do %d, placed in time %d, computed targets %d\n", map { $_ // 0 } @$n{ 'retried', 'repeated', 'nothing to do', 'placed', 'computed targets' };
    $text .= sprintf "rows of the audit %d, events %d, delivered %d (again %d), objects %d, versions %d, built %d\n\n", map { $_ // 0 } @$n{ 'rows of the audit', 'events', 'delivered', 'delivered again', 'objects', 'versions', 'built' };
    $text .= join('  ', map { "$_ $r->{wrong}{$_}" } qw(lost doubled orphan refused)) . "\n" . join('  ', map { "$_ $r->{wrong}{$_}" } grep { !/^(?:lost|doubled|orphan|refused)$/ } sort keys %KINDS) . "\n";
    my %told;
    $text .= "$_->[0]: $_->[1]\n" for grep { $told{ $_->[0] }++ < 10 } @{ $r->{bad} };
    $text .= 'error: ' . s/\s+\z//r . "\n" for @{ $r->{errors} };
    return $text;
}

# One of them, from the start to its result; with a line when there can be none.
sub campaign {
    my (%o) = @_;
    %o = (%o, %{ $CONTROLS{ $o{control} } // die "no control $o{control}\n" }) if defined $o{control};
    if (($o{nodes} // 1) == 3 && (my $why = Thaw::Cluster::missing())) { print "no cluster: $why\n"; return }
    local $| = 1;
    print "seed $o{seed}\n" unless $o{quiet};
    my $c = Thaw::Fault->new(%o);
    $c->run($o{seconds});
    return result($c);
}

1;
