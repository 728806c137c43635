package browser

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// Each line of subjects.txt is a subject, its tag, a name from code, and three
// things that come up with it.
//
//go:embed testdata/subjects.txt
var subjects string

// aspects are what five posts say of each subject: a title, and for each of
// three sections a heading and sentences. %s is the subject, %a to %c are the
// three things, %i is the name.
var aspects = []struct {
	name, title string
	sections    [3][2]string
}{
	{"first-week", "A first week with %s", [3][2]string{
		{"What the manual leaves out", "Nobody had told us about %a. We read the source until the second evening and drew it on a whiteboard."},
		{"Defaults that bite", "The default of %i is made for a laptop. On our machines it led to %b within an hour."},
		{"What a newcomer should read", "Begin with the chapter on %c, and with the three oldest tickets."},
	}},
	{"outage", "The outage that %s caused", [3][2]string{
		{"Timeline", "At nine the dashboards were green. Half an hour later %a had spread to every region, and the pager rang."},
		{"Why nobody saw it", "Our graphs averaged over a minute, and so %b never showed. The runbook did not mention %i."},
		{"What changed afterwards", "We put a ceiling on %c and rehearsed the failure in the quiet hours of a Tuesday."},
	}},
	{"measured", "Measuring %s before changing anything", [3][2]string{
		{"The baseline", "Three days of numbers, the same hour each day. Without them %a would have been folklore."},
		{"One knob at a time", "We doubled %i and left the rest alone. The curve for %b bent at the fourth step."},
		{"What the numbers did not say", "A benchmark knows nothing of %c, which is what users meet."},
	}},
	{"replaced", "How we replaced our own %s", [3][2]string{
		{"Ten years of patches", "The old code had grown around %a like a tree around a fence. Nobody dared to touch it."},
		{"The strangler in between", "Both ran side by side for a quarter, and every difference in %b was written down. A shim translated %i."},
		{"The day we deleted it", "Four thousand lines went, and %c stayed, now in one place."},
	}},
	{"checklist", "A checklist for %s in production", [3][2]string{
		{"Before the launch", "Somebody owns %a, by name. The alarm has been heard once, on purpose."},
		{"While it runs", "Watch %b each week and write down what is normal. Keep %i in version control."},
		{"When it breaks", "Stop the bleeding first: %c can wait until the graphs are flat again."},
	}},
}

var filler = []string{
	"The team had four people and a shared notebook.", "It took longer than anyone had planned, as these things do.",
	"A colleague from the other building asked the question that should have been asked first.", "We wrote the hypothesis down before we ran the experiment.",
	"The logs were there, but in another time zone.", "Most of the week went into making the problem small enough to look at.",
	"The change itself was eleven lines.", "There is a graph of this on the wall next to the coffee machine.",
	"Half of what we believed in spring turned out to be wrong by autumn.", "The customer noticed before we did, which hurt.",
	"A note in the margin of an old design explained everything.", "The next release had the fix, and a test that fails without it.",
	"What looked like one fault was two, and they hid each other.", "Reading the code aloud helped more than the debugger.",
	"The cheap machine in the corner reproduced it every time.", "It worked in staging, where nobody was awake to use it.",
	"We kept the old path for a month and nobody asked for it.", "The budget for this was a Friday afternoon.",
	"Small steps, each of them reversible, and a diary.", "In hindsight the name was the first mistake.",
}

// elsewhere are ten posts in other languages and with odd words.
var elsewhere = []struct{ name, title, tags, body string }{
	{"de-warteschlange", "Warum die Warteschlange überlief", "betrieb", "Die Größe des Puffers stimmte nicht mit der Maßeinheit überein.\n\n## Was wir geändert haben\n\nDer Überlauf wird jetzt gezählt, und die Straße der Nachrichten hat eine Schranke."},
	{"fr-deploiement", "Le déploiement du vendredi", "livraison", "La forêt de tâches n'était plus à jour.\n\n## Œuvre inachevée\n\nL'été suivant, une sonde vérifiait déjà chaque mise en production."},
	{"tr-gunluk", "Günlük dosyaları nasıl küçültülür", "isletim", "İstanbul sunucusunda ışık hızında dolan bir disk.\n\n## Sıkıştırma\n\nÇağrı sayısı azaldı ve günlükler okunur kaldı."},
	{"he-gibui", "גיבוי שאיש לא בדק", "אחסון", "מסד הנתונים נשמר בכל לילה, אך השחזור נכשל.\n\n## מה למדנו\n\nשחזור הוא הבדיקה היחידה של גיבוי."},
	{"ru-nagruzka", "Нагрузка на сервер ночью", "нагрузка", "Ёмкость диска закончилась в три часа ночи.\n\n## Объект наблюдения\n\nОчередь заданий росла быстрее, чем мы читали."},
	{"ja-chien", "データベースの遅延を調べる", "データベース", "接続プールが枯渇していました。\n\n## 原因\n\nインデックスの再構築が夜間に重なりました。"},
	{"zh-huancun", "缓存雪崩的教训", "缓存", "过期时间相同的键同时失效。\n\n## 解决办法\n\n给每个键加一个随机的过期时间。"},
	{"cpp-destructors", "Destructors that throw in C++", "C++", "A destructor that throws ends the program.\n\n## noexcept by default\n\nSince C++11 it is `noexcept` unless you say otherwise, and `std::terminate` is called."},
	{"http-statuscodes", "Which status code for a conflict", "apis", "We answered with `http.StatusConflict` and later with `http.StatusPreconditionFailed`.\n\n## The header that decides\n\n`If-Match` carries the tag; without it nothing is compared. `resp.Header.Get(\"ETag\")` shows it."},
	{"snake-config", "Names in configuration files", "operations", "Our file had `max_open_files`, `maxOpenFiles` and `max-open-files`.\n\n## One spelling\n\nWe chose the one that `grep` finds, and wrote it down in config.toml."},
}

// writeCorpus writes three hundred posts into content/posts of a site: each of
// the subjects from five sides, and those from elsewhere.
func writeCorpus(t *testing.T, dir string) {
	t.Helper()
	n := 0
	post := func(name, title, tags, body string) {
		n++
		sitetest.Write(t, filepath.Join(dir, "content", "posts", name+".md"), fmt.Sprintf(
			"+++\ntitle = %q\ndate = %d-%02d-%02d\ntags = [%q]\n+++\n\n%s\n", title, 2016+n%10, 1+n%12, 1+n%28, tags, body))
	}
	for _, line := range strings.Split(strings.TrimSpace(subjects), "\n") {
		f := strings.Split(line, "|")
		fill := strings.NewReplacer("%s", f[0], "%i", "`"+f[2]+"`", "%a", f[3], "%b", f[4], "%c", f[5])
		for _, a := range aspects {
			name := strings.ToLower(strings.ReplaceAll(f[0], " ", "-")) + "-" + a.name
			r := rand.New(rand.NewPCG(uint64(n), 3))
			some := func() string {
				var s []string
				for range 4 + r.IntN(4) {
					s = append(s, filler[r.IntN(len(filler))])
				}
				return strings.Join(s, " ")
			}
			body := some()
			for _, s := range a.sections {
				body += "\n\n## " + s[0] + "\n\n" + some() + " " + fill.Replace(s[1]) + "\n\n" + some()
			}
			post(name, fill.Replace(a.title), f[1], body)
		}
	}
	for _, e := range elsewhere {
		post(e.name, e.title, e.tags, e.body)
	}
	if n != 300 {
		t.Fatalf("%d posts", n)
	}
}
