package stats

import "testing"

func TestWords(t *testing.T) {
	for text, want := range map[string]int{
		"":                                   0,
		"one two, three.":                    3,
		"# A *title*\n\n- it\n- `is code`\n": 5,
		"a\n\n```go\nnot these words\n```\n\n    nor these\n": 1,
		"| a | b |\n|---|---|\n| c d | e |\n":                 5,
		"[text](https://example.org/long/address) — end":      2,
		"東京 is 2 characters":                                  5,
		"soft\nbreak":                                         2,
		"> quoted words[^1]\n\n[^1]: and a note\n":            5,
	} {
		if got := Words([]byte(text)); got != want {
			t.Errorf("%q has %d words, want %d", text, got, want)
		}
	}
}

func TestHasAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"[a](https://a.example/x)":                                true,
		"https://a.example/x":                                     true,
		"see https://a.example/x. End":                            true,
		"https://a.example/x#part":                                true,
		"https://a.example/xyz":                                   false,
		"https://a.example/x/y":                                   false,
		"https://a.example/x.png":                                 false,
		"https://a.example/xy and [a](https://a.example/x \"t\")": true,
	} {
		if got := hasAddress([]byte(text), "https://a.example/x"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
