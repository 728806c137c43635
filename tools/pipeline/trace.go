package pipeline

import "sync"

// A Touch is a change that a plugin made to a file.
type Touch struct {
	Phase  Phase  `json:"phase"`
	Plugin string `json:"plugin"`
	Before int    `json:"before"` // bytes
	After  int    `json:"after"`
}

// A Trace keeps which plugin changed what. It is for the explanation of a site,
// and costs memory for each file.
type Trace struct {
	mu      sync.Mutex
	sources map[string][]Touch
	files   map[string][]Touch
}

// NewTrace returns an empty trace.
func NewTrace() *Trace {
	return &Trace{sources: make(map[string][]Touch), files: make(map[string][]Touch)}
}

// Source lists the changes to a content file before the engine read it.
func (t *Trace) Source(path string) []Touch { return t.of(t.sources, path) }

// File lists the changes to an output file.
func (t *Trace) File(path string) []Touch { return t.of(t.files, path) }

func (t *Trace) of(m map[string][]Touch, path string) []Touch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return m[path]
}

// setSource replaces what is known of a file, since hooks may run more than
// once for it.
func (t *Trace) setSource(path string, touches []Touch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources[path] = touches
}

func (t *Trace) addFile(path string, touch Touch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files[path] = append(t.files[path], touch)
}

// traceSite has what a plugin does to the whole site noted.
func (p *Pipeline) traceSite(site *Site, phase Phase, s step) {
	if p.Trace != nil {
		site.touched = func(path string, before, after int) {
			p.Trace.addFile(path, Touch{phase, s.Name, before, after})
		}
	}
}
