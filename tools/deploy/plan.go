package deploy

import (
	"slices"
)

// A Plan is the difference between a manifest and what is live.
type Plan struct {
	New     []string `json:"new"`
	Changed []string `json:"changed"`
	Gone    []string `json:"gone"`
	Same    int      `json:"same"`
	// Upload and Bytes are what the host may lack: it knows content that is
	// live, and often more.
	Upload int   `json:"upload"`
	Bytes  int64 `json:"bytes"`
	// Live is the number of files that are live.
	Live int `json:"live"`
	// Calls is what would be asked of the host, in order.
	Calls []string `json:"calls,omitempty"`
}

func makePlan(m *Manifest, live []Remote) *Plan {
	p := &Plan{New: []string{}, Changed: []string{}, Gone: []string{}, Live: len(live)}
	have := make(map[string]string, len(live))
	content := make(map[string]bool, len(live))
	for _, r := range live {
		have[r.Path] = r.SHA1
		content[r.SHA1] = true
	}
	asked := make(map[string]bool)
	for _, name := range m.Paths() {
		f := m.Files[name]
		old, ok := have[name]
		switch {
		case !ok:
			p.New = append(p.New, name)
		case old != f.SHA1:
			p.Changed = append(p.Changed, name)
		default:
			p.Same++
		}
		if !content[f.SHA1] && !asked[f.SHA1] {
			asked[f.SHA1] = true
			p.Upload++
			p.Bytes += f.Size
		}
	}
	for _, r := range live {
		if _, ok := m.Files[r.Path]; !ok {
			p.Gone = append(p.Gone, r.Path)
		}
	}
	slices.Sort(p.Gone)
	return p
}

// shrinks reports whether so much would go that it looks like an accident: a
// quarter of a site that has more than a handful of files.
func (p *Plan) shrinks() bool {
	return p.Live >= 8 && len(p.Gone)*4 > p.Live
}

// touched are the files that readers would see change.
func (p *Plan) touched() []string {
	list := slices.Concat(p.New, p.Changed)
	slices.Sort(list)
	return list
}
