package pipeline

import (
	"context"
	"strings"
	"testing"

	"duskpress/tools/cache"
)

// recorder is an engine that knows all that it read.
type recorder struct{ Engine }

func (recorder) Record() (*Record, error) { return &Record{Files: map[string]*FileRecord{}}, nil }

// A plugin that may look at several pages forbids that any is left out.
func TestRecordNeedsPluginsThatLookAtOnePage(t *testing.T) {
	store := cache.Open(cache.Options{Dir: t.TempDir()})
	defer store.Close()
	source := func(_ context.Context, _ *Content, src []byte) ([]byte, error) { return src, nil }
	code := func(Code) (CodeHTML, error) { return CodeHTML{}, nil }
	file := func(context.Context, *File, *Problems) error { return nil }
	check := func(context.Context, *Site) error { return nil }
	for name, c := range map[string]struct {
		alone bool
		hooks Hooks
		want  bool
	}{
		"alone":             {true, Hooks{Source: source, Code: code, File: file}, true},
		"source":            {false, Hooks{Source: source}, false},
		"code":              {false, Hooks{Code: code}, false},
		"file":              {false, Hooks{File: file}, false},
		"of the whole site": {false, Hooks{Check: check, Finish: check, Generate: check}, true},
	} {
		p := &Pipeline{Cache: store, Identity: "x", settledFiles: "x", problems: new(Problems)}
		p.steps = []step{{Plugin{Name: "gathers", Alone: c.alone}, c.hooks}}
		record, err := p.Record(recorder{}, &Site{})
		if got := err == nil && record != nil; got != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if !c.want && (err == nil || !strings.Contains(err.Error(), "gathers")) {
			t.Errorf("%s: %v does not name the plugin", name, err)
		}
	}
}
