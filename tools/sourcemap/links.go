package sourcemap

import "slices"

// Destinations are the addresses of the file's links and pictures, as they are
// written, sorted, each once.
func (m *Map) Destinations() []string {
	var all []string
	for address := range m.links {
		all = append(all, address)
	}
	for address := range m.images {
		all = append(all, address)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
