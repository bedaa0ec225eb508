// What comes too fast waits in a queue of its direction, and leaves at the rate. What the queue has no
// room for is dropped and counted there.

input[0] -> to_out :: Queue($QUEUE) -> shape_out :: TokenBucketShaper($RATE_OUT, $BURST)
    -> Unqueue -> [0]output;
input[1] -> to_in :: Queue($QUEUE) -> shape_in :: TokenBucketShaper($RATE_IN, $BURST)
    -> Unqueue -> [1]output;
