package pipeline

import (
	"fmt"
	"strings"
)

// Nearest returns the candidate that a writer of word most likely meant, or ""
// when none is near: at most a third of its characters, and at least one, may
// have to change. Few people mistype the first letter, so among equals one that
// keeps it wins, else the first.
func Nearest(word string, candidates []string) string {
	lower := []rune(strings.ToLower(word))
	limit := max(1, len(lower)/3) + 1
	best, bestScore := "", 2*limit
	for _, c := range candidates {
		other := []rune(strings.ToLower(c))
		d := distance(lower, other, limit)
		if d == limit || len(other) == 0 {
			continue
		}
		score := 2 * d
		if len(lower) == 0 || other[0] != lower[0] {
			score++
		}
		if score < bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

func didYouMean(word string, candidates []string) string {
	if n := Nearest(word, candidates); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// distance is the number of insertions, deletions, changes and swaps of
// neighbours between a and b (optimal string alignment), or limit if that many
// or more.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
