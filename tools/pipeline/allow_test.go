package pipeline

import "testing"

func FuzzAllowances(f *testing.F) {
	f.Add("<!-- duskpress:allow language: a reason -->\n\n```x\n", "a.md")
	f.Add("# duskpress:allow-file csp, html\n", "config.toml")
	f.Add("{{/* duskpress:allow : */}}", "a.html")
	f.Fuzz(func(t *testing.T, src, file string) {
		list, problems := parseAllowances(file, []byte(src), KnownRules)
		lines := len(splitLines([]byte(src)))
		for _, a := range list {
			if a.line < 1 || a.line > lines || a.covers < 0 || a.covers > lines || a.column < 1 || a.reason == "" || len(a.rules) == 0 {
				t.Errorf("%+v", a)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Rule != "allow" || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
