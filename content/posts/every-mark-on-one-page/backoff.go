// Package retry spaces out attempts.
package retry

import (
	"math/rand/v2"
	"time"
)

// backoff returns how long to wait before the attempt after attempt i, which
// counts from zero: anything from nothing to the bound, so that a thousand
// clients that failed together do not come back together.
func backoff(i int) time.Duration {
	const base, limit = 100 * time.Millisecond, 20 * time.Second
	bound := limit
	if i < 8 { // 100 ms * 2^8 is past the limit
		bound = base << i
	}
	return rand.N(bound)
}
