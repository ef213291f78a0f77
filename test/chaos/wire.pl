#!/usr/bin/perl
# A slow or lossy link for kernels without netem: every packet that is routed into a TUN device comes out of it again
# after a while, or never. Ends with its standard input.
#   wire.pl DEVICE DELAY_MS JITTER_MS LOSS_PERCENT
use strict;
use warnings;
use Fcntl;
use Time::HiRes qw(time);

my ($device, $delay, $jitter, $loss) = @ARGV;
my ($TUNSETIFF, $IFF_TUN, $IFF_NO_PI) = (0x400454ca, 0x0001, 0x1000);
sysopen(my $tun, "/dev/net/tun", O_RDWR | O_NONBLOCK) or die "/dev/net/tun: $!\n";
ioctl($tun, $TUNSETIFF, pack("a16 s x22", $device, $IFF_TUN | $IFF_NO_PI)) or die "$device: $!\n";
$| = 1;
print "ready\n";

# By when they are due, soonest first.
my @late;
for (;;) {
	my $wait = @late ? $late[0][0] - time : undef;
	$wait = 0 if defined $wait && $wait < 0;
	my $ready = "";
	vec($ready, fileno($tun), 1) = 1;
	vec($ready, fileno(STDIN), 1) = 1;
	select($ready, undef, undef, $wait);
	exit if vec($ready, fileno(STDIN), 1);
	while (sysread($tun, my $packet, 65536)) {
		next if rand(100) < $loss;
		my $due = time + ($delay + (rand(2) - 1) * $jitter) / 1000;
		my $at = @late;
		$at-- while $at > 0 && $late[$at - 1][0] > $due;
		splice(@late, $at, 0, [$due, $packet]);
	}
	syswrite($tun, (shift @late)->[1]) while @late && $late[0][0] <= time;
}
