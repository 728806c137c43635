package pipeline

import "testing"

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `""`}, {"äöü", `"äöü"`}, {"äöüß", `"äöü"…`}, {`a"b`, `"a\"b"`},
	} {
		if got := Quote(tt.text, 3); got != tt.want {
			t.Errorf("Quote(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestAndOthers(t *testing.T) {
	for more, want := range []string{"a", "a and another page", "a and 2 other pages"} {
		if got := AndOthers("a", more, "page"); got != want {
			t.Errorf("%d more: %q, want %q", more, got, want)
		}
	}
}
