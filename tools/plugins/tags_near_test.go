package plugins

import "testing"

func TestNearTags(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"outage", "outages", true},
		{"process", "processes", true},
		{"query", "queries", true},
		{"kubernetes", "kuberentes", true},
		{"postgres", "postgress", true},
		{"database", "databaze", true},
		{"go", "gos", false},
		{"rust", "dust", false},
		{"http2", "http3", false},
		{"version-1", "version-2", false},
		{"python2", "python3", false},
		{"testing", "testify", false},
		{"design", "designs", true},
		{"design", "resign", false},
		{"c", "cs", false},
	} {
		if got := nearTags(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: %v", tt.a, tt.b, got)
		}
		if got := nearTags(tt.b, tt.a); got != tt.want {
			t.Errorf("%s, %s: %v", tt.b, tt.a, got)
		}
	}
}
