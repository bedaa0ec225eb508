// Frames of input 0 pass up to a rate of their source address, then up to a rate of all together; what is
// beyond is dropped and counted. Those of input 1, the way back, pass.

input[0] -> per_source :: RateLimiter($SOURCE_PACKETS, $SOURCE_BANDWIDTH, PER source, BURST $BURST, CAPACITY $SOURCES)
    -> all :: RateLimiter($PACKETS, $BANDWIDTH, BURST $BURST)
    -> [0]output;
input[1] -> back :: Counter -> [1]output;
