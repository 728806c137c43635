package sourcemap

import (
	"maps"
	"slices"
)

// Destinations are the addresses of the file's links, as they are written,
// sorted.
func (m *Map) Destinations() []string { return slices.Sorted(maps.Keys(m.links)) }
