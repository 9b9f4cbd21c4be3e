#!/usr/bin/perl
# Who may call what and who sees what, for every route that is not public, whatever its
# dialect: made from the table of routes, so that a new route is tested when it is added,
# or t/lib/Matrix.pm says what to teach it. Another tenant's id, an unknown and a malformed one get
# the same bytes; each permission may do what its routes ask for, and no more; a token
# narrowed to anything else may not; and a refusal changes nothing.
# What ids a query or a body could have besides, and credentials that are no more, is in t/36-tenancy.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Matrix;

# --- who: a user of each permission, of none, of all but the administrator's, and he ------------

my (%words, %scopes);
$words{ $_->{permission} }++ for grep { $_->{permission} ne 'member' } @routes;
$scopes{ $_->{scope} }++ for grep { defined $_->{scope} } @routes;
delete $words{'organization:admin'};
my %who = (admin => $admin);
for (map({ [ $_ => $_ ] } sort keys %words), [ all => join ' ', sort keys %words ], [ none => '' ]) {
    my ($who, $words) = @$_;
    my $role = 'of-' . $who =~ tr/:/-/r;
    is($t->thaw('role', 'set', '--org', 'Main', $role, '--permissions', $words || 'model:read', '--rate', 100)->{exit}, 0, "given a role of $who");
    $t->sql("UPDATE roles SET permissions = '' WHERE name = '$role'") if !$words;
    $t->user("user-$role", role => $role);
    $who{$who} = { user => "user-$role", token => $t->token("user-$role"), words => $words, mark => 'ours' };
}
$_->{me} = usr($t, $_->{user}) for values %who;
my ($test_key, $publishable_key) = ($t->key(test => 1), $t->key(kind => 'publishable'));
my %tier = map { ($_ => $t->key(kind => 'token', tier => $_)) } 1 .. 4;
my %narrow;
sub narrowed { my $words = join " ", sort @_; return { %{ $who{admin} }, token => $narrow{$words} //= $t->token("admin", "--scope", $words) } }

# Each tenant counts its own projects: theirs get numbers that are none of ours.
project($other, '');
$t->sql("UPDATE projects SET number = 900000 WHERE organization_id = (SELECT id FROM organizations WHERE name = 'Other')");

# Of an id of mine: canonical is one alone.
sub other_spellings {
    my ($row, $id) = @_;
    my %seen = ($id => 1);
    my @usual = $row->{bad} || $id =~ /^\d+$/ ? () : (uc $id, $id =~ s/([^-_.]+)$/\U$1/r, $id =~ s/([^-_.]+)$/\L$1/r, substr($id, 0, -1), "${id}0", $id =~ s/^([a-z]+[-_]|)/${1}0/r);
    return grep { !$seen{$_}++ } @usual, $row->{odd} ? $row->{odd}->($id) : ();
}

# What is not there for the caller: theirs, what nothing has, what is no id.
sub strangers {
    my ($route, $mine, $theirs, $also) = @_;
    my %chosen = map { $_ => $mine->{$_} } grep { my $chosen = id_row($route, $_)->{chosen}; $chosen && $chosen->(verb_of($route)) } vars($route);
    my ($is, $admin, @vars) = (facts($route), $who{admin}, grep { !exists $chosen{$_} } vars($route));
    return if !@vars;
    my $modal = !$is->{whole} && grep { $modal{$_} } @vars;
    my (undef, @nested) = $route->{path} =~ /\{(\w+)\}/g;
    my %inside = map { $_ => 1 } $is->{beside} && $route->{path} =~ $is->{beside} ? () : @nested;
    my $refers = sub { $is->{refers} && $route->{path} !~ /\{$_[0]\}/ };
    my %unknown = map { $_ => id_row($route, $_)->{unknown} } @vars;
    my $get = sub { my ($o, %id) = (@_, %chosen); my $r = call($route, $o, \%id); ($r, plain($r, \%id)) };
    my ($other, $as_other) = $get->($admin, %$theirs);
    my (undef, $as_none) = $get->($admin, %unknown);
    $is->{missing}->($other, "another tenant's", $vars[0], $theirs->{ $vars[0] }, $route);
    is($as_other, $as_none, 'the same bytes as an unknown id');
    for (map({ [ $_ => $who{$_} ] } qw(none all)), [ reader => { %$admin, token => $t->reader } ], [ 'the test mode' => $modal ? { %$admin, token => $test_key } : () ]) {
        my ($who, $o) = @$_;
        next unless $o;
        my ($like, $what) = $refers->($vars[0]) ? (($get->($o, %unknown))[1], 'they are as unknown') : ($as_none, 'not found comes before not allowed');
        is(($get->($o, %$theirs))[1], $like, "for $who too: $what");
    }
    for my $i (0 .. $#vars) {
        my ($var, $row) = ($vars[$i], id_row($route, $vars[$i]));
        my ($r, $want) = $get->($admin, %$mine, $var => $unknown{$var});
        $is->{missing}->($r, "an unknown $var" . ($i ? ' under mine' : ''), $var, $unknown{$var}, $route);
        is(($get->($admin, %$mine, $var => $theirs->{$var}))[1], $want, $i ? 'theirs under mine is the same' : 'so is theirs with mine inside') unless $row->{within};
        is(($get->($admin, %$mine, $var => $also->{$var}))[1], $want, 'so is mine under another of mine') if $also && $inside{$var} && !$row->{within};
        for my $odd (other_spellings($row, $mine->{$var})) {
            my ($r, $bytes) = $get->($admin, %$mine, $var => $odd);
            $refers->($var) && $bytes ne $want ? $is->{missing}->($r, "`$odd` is none", $var, $odd, $route) : is($bytes, $want, "`$odd` is none");
        }
        $is->{malformed}->(($get->($admin, %$mine, $var => $_))[0], "`$_` is malformed", $var, $_) for $row->{bad} ? $row->{bad}->($mine->{$var}) : ();
    }
    return unless $modal;
    my ($r, $mode) = $get->({ %$admin, token => $test_key }, %$mine);
    $is->{missing}->($r, 'one of the other mode', $vars[0], $mine->{ $vars[0] }, $route);
    is($mode, ($get->({ %$admin, token => $test_key }, %unknown))[1], 'is as unknown');
}

# Who may, and who may not: [what they are, who] each.
sub sorted_out {
    my $route = shift;
    my ($word, $scope) = @$route{qw(permission scope)};
    my (@may, @not);
    for my $who (sort keys %who) {
        push @{ $word eq 'member' || $who eq 'admin' || " $who{$who}{words} " =~ / \Q$word\E / ? \@may : \@not }, [ $who, $who{$who} ];
    }
    my $rest = narrowed((grep { $_ ne $word } keys %words), grep { $_ ne ($scope // '') } keys %scopes);
    my ($whole, $publishable, $tier) = (facts($route)->{whole}, scalar(($route->{flags} // '') =~ /publishable/), $route->{tier} // 0);
    push @{ $word eq 'member' && !$scope && !$whole ? \@may : \@not }, [ 'a token narrowed to all other permissions and scopes', $rest ];
    push @{ $whole ? \@not : \@may }, [ "a token narrowed to $_", narrowed($_) ] for grep { defined && $_ ne 'member' } $word, $scope;
    return (\@may, \@not) if grep { id_row($route, $_)->{private} } vars($route);        # to each caller its own
    push @{ $publishable ? \@may : \@not }, [ 'a publishable key', { %{ $who{admin} }, token => $publishable_key } ];
    push @{ $whole ? \@not : \@may }, [ "a token of tier $tier", { %{ $who{admin} }, token => $tier{$tier} } ] if $tier;
    push @not, map { [ "a token of tier $_", { %{ $who{admin} }, token => $tier{$_} }, $whole ? undef : qr/error_description="a token of tier $tier is needed"/ ] } 1 .. $tier - 1;
    return (\@may, \@not);
}

for my $route (@routes) {
    # as `thaw deliver` would: who makes a webhook does not number all that happened until then
    $t->req(GET => '/v1/events?limit=1', token => $who{admin}{token});
    subtest name_of($route) => sub {
        my ($is, @vars) = (facts($route), vars($route));
        my ($may, $not) = sorted_out($route);
        my ($mine, $theirs) = map { fixture($route, $_) } $who{admin}, $other;
        my $own = grep { $_->{own} && $_->{own}->(verb_of($route)) } map { id_row($route, $_) } @vars;
        my $also = @vars > 1 && fixture($route, $who{admin});
        my $scope = $is->{challenge} ? $is->{challenge}->($route) : $route->{permission} eq 'member' && $route->{scope} || $route->{permission};
        unchanged($t, 'whoever may not', sub {
            strangers($route, $mine, $theirs, $also) if @vars;
            for (@$not) {
                my ($who, $o, $tier) = @$_;
                my $r = call($route, $o, $mine);
                $tier ? is($r->{status}, 403, "$who may not") : $is->{refused}->($r, "$who may not");
                like($r->{headers}{'www-authenticate'} // '', $tier // qr/error="insufficient_scope", scope="\Q$scope\E"/, 'and is told what it takes');
            }
            like(call($route, $_->[1], $mine)->{status}, qr/^40[34]$/, "$_->[0] may not what is another's own") for $own ? grep { $_->[1]{user} ne 'admin' } @$may : ();
            my $r = call($route, { %{ $who{admin} }, token => undef }, $mine);
            $is->{nobody}->($r, 'nobody may without a token');
            like($r->{headers}{'www-authenticate'} // '', qr/^\Q@{[$is->{realms} \/\/ '']}\EBearer realm="thaw"$/, 'and is asked for one');
        });
        for (@$may) {
            my ($who, $o) = @$_;
            my ($private) = $o->{user} eq 'admin' ? () : grep { id_row($route, $_)->{private} } @vars;
            $mine //= fixture($route, $own ? $o : $who{admin});
            my $r = call($route, $o, $mine);
            if ($private) { $is->{missing}->($r, "$who sees none but its own", $private, $mine->{$private}, $route) }
            else { is($r->{status}, $route->{status}, "$who may") or diag $r->{raw} }
            undef $mine if $route->{method} ne 'GET' || $own;
        }
    };
}

is(join("\n", @leaks), '', 'no answer tells us of them');

subtest 'every route was called' => sub {
    my %hit = map { join(' ', map { $_ // '' } @$_{qw(dialect method route)}) => 1 } log_lines($t, 'access');
    ok($hit{"$_->{dialect} " . name_of($_)}, name_of($_)) for @routes;
};

$t->finish;