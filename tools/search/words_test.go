package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// wordTable has texts and their words; the browser's words have to be the same.
var wordTable = []struct{ text, want string }{
	// English, and what engineers write.
	{"Reading a flame graph", "reading a flame graph"},
	{"It doesn't work, don’t ask", "it doesnt doesn work dont don ask"},
	{"read-only e-mail", "readonly read only email mail"},
	{"http.StatusOK", "httpstatusok http statusok status ok"},
	{"max_idle_conns maxIdleConns MaxIdleConns", "maxidleconns max idle conns maxidleconns max idle conns maxidleconns max idle conns"},
	{"HTTPServer parseURL IDs URLs sha256Sum", "httpserver http server parseurl parse url ids urls sha256sum sha256 sum"},
	{"C C++ c# F#, g++ i++; C++11 issue#12", "c c c++ c c# f f# g g++ i i++ c 11 issue 12"},
	{".NET node.js config.toml v1.26.0", "net nodejs node js configtoml config toml v1260 v1 26"},
	{"2026-11-03 10:30", "20261103 2026 11 03 10 30"},
	{"a/b/c foo::bar x=1", "a b c foo bar x 1"},
	{"__init__ _ ___ snake_", "init snake"},
	{"ＦＵＬＬ ﬁne ① ½ x²", "full fine 1 1 2 x2"},
	{"don't-panic.go", "dontpanicgo don panic go"},
	// German.
	{"Größe Straße STRASSE Übermut", "grosse strasse strasse ubermut"},
	{"ẞ Maßstab", "ss massstab"},
	// French.
	{"L'été à la forêt, œuvre naïve", "lete ete a la foret oeuvre naive"},
	{"Garçon décodé e\u0301t\u00e9", "garcon decode ete"},
	// Turkish.
	{"İstanbul ışık ILIK çağrı", "istanbul isik ilik cagri"},
	// Polish, Danish, Icelandic.
	{"Łódź smørrebrød Þór æðr", "lodz smorrebrod thor aedr"},
	// Hebrew, with and without points.
	{"שלום עולם", "שלום עולם"},
	{"שָׁלוֹם", "שלום"},
	{"צה״ל ג׳ירפה", "צה ל גירפה ירפה"},
	// Russian and Greek.
	{"Ёлка и йод Объект", "елка и иод объект"},
	{"ΟΔΟΣ οδός Σίσυφος", "οδοσ οδοσ σισυφοσ"},
	// Arabic, with and without vowels.
	{"مُحَمَّد محمد", "محمد محمد"},
	// Chinese, Japanese, Korean, Thai, Devanagari.
	{"数据库连接", "数据 据库 库连 连接"},
	{"Go言語のサーバー", "go 言語 語の のサ サー ーバ バー"},
	{"日", "日"},
	{"ガギ ｶﾞ", "ガギ ガ"},
	{"데이터베이스 연결", "데이터베이스 연결"},
	{"ฐานข้อมูล", "ฐา าน นข ข้ ้อ อม มู ูล"},
	{"डेटाबेस", "डेटाबेस"},
	// Beyond the first plane.
	{"𝐱𝐲 😀 𠮷野", "xy 𠮷野"},
	{"soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"},
	{"A-" + strings.Repeat("x", 40), "a" + strings.Repeat("x", 31) + " " + strings.Repeat("x", 32)},
	{"", ""},
	{"…—!?", ""},
}

func wordsOf(text string) string {
	var list []string
	Words(text, func(w string) { list = append(list, w) })
	return strings.Join(list, " ")
}

func TestWords(t *testing.T) {
	for _, tt := range wordTable {
		if d := cmp.Diff(tt.want, wordsOf(tt.text)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, d)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, tt := range wordTable {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Words(text, func(w string) {
			if w == "" || utf8.RuneCountInString(w) > longest+2 {
				t.Fatalf("%q has the word %q", text, w)
			}
			if strings.ContainsAny(w, "\t\n! ._'-") {
				t.Fatalf("%q has the word %q, which a shard cannot hold", text, w)
			}
			if utf8.ValidString(text) && !strings.Contains(wordsOf(w), w) && !strings.ContainsAny(w, "+#") && utf8.RuneCountInString(w) < longest {
				t.Fatalf("%q has the word %q, which is %q when asked for", text, w, wordsOf(w))
			}
		})
	})
}
