package pipeline

import (
	"slices"
	"testing"
)

// Files are sorted by path, and what came since they were last asked for is
// among them; what a hook does to its list is its own affair.
func TestFiles(t *testing.T) {
	s := &Site{files: make(map[string]*File)}
	paths := func() (list []string) {
		for _, f := range s.Files() {
			list = append(list, f.Path)
		}
		return list
	}
	for _, p := range []string{"b", "c"} {
		s.put(&File{Path: p})
	}
	if got := paths(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("%q", got)
	}
	slices.Reverse(s.Files())
	s.put(&File{Path: "a"})
	s.put(&File{Path: "c", Size: 1})
	if got := paths(); !slices.Equal(got, []string{"a", "b", "c"}) || s.Files()[2].Size != 1 {
		t.Errorf("%q", got)
	}
	slices.Reverse(s.Files())
	if got := paths(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("a hook changed the list of all: %q", got)
	}
}
