package hugo

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// reads are the names outside the site's directory that Hugo asked for, and
// those in it that are no inputs: what git keeps, what is published. They are
// few, and each may be what a site depends on.
type reads struct {
	source, cache string

	mu    sync.Mutex
	names map[string]bool
}

func (r *reads) note(name string) {
	if rest, ok := strings.CutPrefix(name, r.source); ok && (rest == "" || rest[0] == filepath.Separator) {
		if first, _, _ := strings.Cut(strings.TrimPrefix(rest, string(filepath.Separator)), string(filepath.Separator)); first != ".git" {
			return
		}
	}
	if strings.HasPrefix(name, r.cache+string(filepath.Separator)) || !filepath.IsAbs(name) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = make(map[string]bool)
	}
	r.names[name] = true
}

// outside lists the names.
func (s *sourceFs) outside() []string {
	s.reads.mu.Lock()
	defer s.reads.mu.Unlock()
	return slices.Sorted(maps.Keys(s.reads.names))
}

// doubt names what was read that a list of files cannot show.
func (s *sourceFs) doubt() string {
	for _, name := range s.outside() {
		if rest, ok := strings.CutPrefix(name, s.reads.source+string(filepath.Separator)); ok {
			if _, err := os.Lstat(name); err == nil {
				return fmt.Sprintf("%s was read, which belongs to git", rest)
			}
		}
	}
	return ""
}
