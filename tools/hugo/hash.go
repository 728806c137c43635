package hugo

import "github.com/cespare/xxhash/v2"

// hash tells files of one build apart. It is never stored.
func hash(b []byte) uint64 { return xxhash.Sum64(b) }
