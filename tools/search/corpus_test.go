package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
)

// A corpus makes posts as engineers write them, of as many different words as
// so much English has: the nth word has a frequency of about 1/n, and ten
// thousand posts of 600 words have some ninety thousand words. A third of the
// posts has code, with names that few other posts have.
type corpus struct {
	sums []float64 // of the frequencies of words
	text []string
}

// vocabulary is how many words there are to choose from.
const (
	vocabulary = 200_000
	core       = 6000
)

func newCorpus() *corpus {
	c := &corpus{}
	sum := 0.0
	r := rand.New(rand.NewPCG(1, 2))
	used := make(map[string]bool)
	for i := range vocabulary {
		// Zipf and Mandelbrot; beyond the common core it is steeper.
		f := 1 / (float64(i) + 2.7)
		if i > core {
			f = core * core / math.Pow(float64(i), 3)
		}
		sum += f
		c.sums = append(c.sums, sum)
		// Common words are short.
		w := ""
		for try := 0; ; try++ {
			w = ""
			for range 1 + (int(math.Log2(float64(i)+2))+r.IntN(4)+try)/9 {
				w += onsets[zipf(r, len(onsets))] + nuclei[zipf(r, len(nuclei))] + codas[zipf(r, len(codas))]
			}
			if len(w) > 1 && !used[w] {
				break
			}
		}
		used[w] = true
		c.text = append(c.text, w)
	}
	return c
}

var (
	onsets = []string{"s", "c", "p", "r", "d", "t", "m", "b", "l", "f", "", "h", "n", "g", "w", "st", "tr", "pr", "v", "k", "j", "gr", "cl", "sp", "br", "fl", "ch", "sh", "th", "qu", "pl", "y", "z"}
	nuclei = []string{"e", "a", "i", "o", "u", "ea", "ou", "ai", "io", "ee", "y"}
	codas  = []string{"", "", "n", "r", "s", "t", "l", "d", "ng", "ct", "m", "st", "ck", "nt", "p", "x", "g", "b", "k"}
)

// zipf chooses one of n, the first most often.
func zipf(r *rand.Rand, n int) int {
	return min(int(math.Exp(r.Float64()*math.Log(float64(n)+1)))-1, n-1)
}

func (c *corpus) word(r *rand.Rand) string {
	return c.text[sort.SearchFloat64s(c.sums, r.Float64()*c.sums[len(c.sums)-1])]
}

func (c *corpus) words(r *rand.Rand, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = c.word(r)
	}
	return strings.Join(list, " ")
}

// page makes post i, of about 600 words.
func (c *corpus) page(i int) (address string, p *Page) {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	p = &Page{
		Title:       c.words(r, 3+r.IntN(5)),
		Date:        fmt.Sprintf("20%02d-%02d-%02d", 10+i*16/10000, 1+r.IntN(12), 1+r.IntN(28)),
		Description: c.words(r, 10+r.IntN(10)),
	}
	for range 1 + r.IntN(4) {
		p.Tags = append(p.Tags, c.text[200+zipf(r, 150)])
	}
	// A post has words of its own, which come again and again in it.
	own := strings.Fields(c.words(r, 30))
	sections := 4 + r.IntN(4)
	for s := range sections {
		section := Section{}
		if s > 0 {
			section.Heading = c.words(r, 2+r.IntN(4))
			section.ID = strings.ReplaceAll(section.Heading, " ", "-")
		}
		var words []string
		for range 600/sections - 20 + r.IntN(40) {
			if r.IntN(5) == 0 {
				words = append(words, own[zipf(r, len(own))])
			} else {
				words = append(words, c.word(r))
			}
		}
		if i%3 == 0 && s%2 == 1 {
			for range 5 {
				a, b := c.text[zipf(r, core)], c.text[zipf(r, core)]
				words = append(words, a+strings.ToUpper(b[:1])+b[1:], c.word(r)+"."+a)
			}
		}
		section.Text = strings.Join(words, " ")
		p.Sections = append(p.Sections, section)
	}
	return fmt.Sprintf("../../posts/%s-%d/", strings.ReplaceAll(p.Title, " ", "-"), i), p
}
