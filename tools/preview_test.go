package main

import (
	"testing"

	"duskpress/tools/serve"
)

// TestPreviewed saves what no page can be shown of, after a save that one was shown
// of: no page may count as new any more.
func TestPreviewed(t *testing.T) {
	l := &live{cli: &cli{source: t.TempDir()}, pages: serve.NewLive(serve.New(t.TempDir(), "/", nil)), previewed: true}
	l.preview(t.Context(), []string{"layouts/page.html"})
	if l.previewed {
		t.Error("pages that were shown of older sources count as new")
	}
}
