#!/usr/bin/perl
# The objects of a build know each other in one direction: who uses a symbol lies above
# who defines it, and no way leads back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

# The text of `nm -P -A` as { using object => { defining object => [symbols] } }. Symbols of
# nobody here (libc, the libraries) are none of ours.
sub uses {
    my (%home, %wants, %uses);
    for (split /\n/, $_[0]) {
        my ($object, $symbol, $type) = m{([\w.-]+)\.o\]?: (\S+) (\w)} or next;
        if ($type eq 'U') { $wants{$object}{$symbol} = 1 }
        elsif ($type =~ /[A-Z]/) { $home{$symbol} = $object }
    }
    for my $object (keys %wants) {
        push @{ $uses{$object}{ $home{$_} } }, $_ for grep { ($home{$_} // $object) ne $object } sort keys %{ $wants{$object} };
    }
    return \%uses;
}

# Every set of objects in which each reaches each (Tarjan), as lists of names.
sub circles {
    my ($uses) = @_;
    my (%index, %low, %on, @stack, @found, $visit);
    $visit = sub {
        my ($v) = @_;
        $index{$v} = $low{$v} = keys %index;
        push @stack, $v;
        $on{$v} = 1;
        for my $w (sort keys %{ $uses->{$v} }) {
            $visit->($w) if !defined $index{$w};
            $low{$v} = $low{$w} if $on{$w} && $low{$w} < $low{$v};
        }
        return if $low{$v} != $index{$v};
        my @set;
        do { push @set, pop @stack; delete $on{ $set[-1] } } until $set[-1] eq $v;
        push @found, [ sort @set ] if @set > 1;
    };
    defined $index{$_} or $visit->($_) for sort keys %$uses;
    return @found;
}

# A shortest way round through an object of a circle, with the symbols of each step.
sub way_round {
    my ($uses, @set) = @_;
    my %in = map { $_ => 1 } @set;
    my @ways = [ $set[0] ];
    my %seen;
    while (my $way = shift @ways) {
        for my $next (grep { $in{$_} } sort keys %{ $uses->{ $way->[-1] } }) {
            return map { "  $way->[$_] uses of " . ($way->[ $_ + 1 ] // $next) . ": @{ $uses->{ $way->[$_] }{ $way->[ $_ + 1 ] // $next } }\n" } 0 .. $#$way
                if $next eq $set[0];
            push @ways, [ @$way, $next ] if !$seen{$next}++;
        }
    }
    return;
}

sub told { my ($uses) = @_; join '', map { "a circle of @$_:\n" . join '', way_round($uses, @$_) } circles($uses) }

# Given objects of which two reach each other, one through a third
my $text = join '', map { "lib.a[$_\n" } 'a.o]: f T 0 9', 'a.o]: g U', 'b.o]: g T 0 9', 'b.o]: table U', 'c.o]: table R 0 9', 'c.o]: f U',
    'd.o]: f U', 'd.o]: own t 0 9', 'e.o]: own t 0 9', 'e.o]: own U', 'a.o]: memcpy U';
is(told(uses($text)), "a circle of a b c:\n  a uses of b: g\n  b uses of c: table\n  c uses of a: f\n", 'a circle is found, and how it goes round');
is(told(uses($text =~ s/^.*c\.o\]: f U\n//mr)), '', 'and none where nothing leads back');

# The library, and beside it what is in one program alone
my @objects = ("$Thaw::BUILD/libthaw.a", map { "$Thaw::BUILD/$_.o" } map { /(\S+)\.c\b/g } slurp("$Thaw::SRC/Makefile.am") =~ /^thaw(?:_fcgi)?_SOURCES = ((?:.*\\\n)*.*)/mg);
cmp_ok(scalar @objects, '>=', 20, scalar(@objects) . ' files');
my $nm = `nm -P -A @objects`;
is($?, 0, 'nm reads the build');
my $uses = uses($nm);
cmp_ok(scalar keys %$uses, '>=', 80, scalar(keys %$uses) . ' objects that use another one');
is(told($uses), '', 'no circle');

# The layers that CONTRIBUTING.md draws, the highest first
my @layers = map { [ map { s/\*/\\w*/r } /`([a-z_*]+)`/g ] } map { (split /\|/)[2] } slurp("$Thaw::SRC/CONTRIBUTING.md") =~ /^(\| (?:programs|dialects|requests|domain|engine|shelf) \|.*)$/mg;
is(scalar @layers, 6, 'six layers');
sub layer { my ($object) = @_; my ($at) = grep { grep { $object =~ /^$_$/ } @{ $layers[$_] } } 0 .. $#layers; return $at }
my %objects = map { $_ => 1 } keys %$uses, map { keys %$_ } values %$uses;
is(join(' ', grep { !defined layer($_) } sort keys %objects), '', 'each object stands in one');
my @up = map { my $o = $_; map { "$o uses of $_: @{ $uses->{$o}{$_} }" } grep { layer($_) < layer($o) } sort keys %{ $uses->{$o} } } grep { defined layer($_) } sort keys %$uses;
is(join("\n", @up), '', 'and uses none above');
done_testing();
