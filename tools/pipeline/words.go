package pipeline

import "fmt"

// Quote puts a text between quotation marks, cut after so many characters.
func Quote(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", text)
}

// AndOthers names the first of several things, and says how many more there are:
// "a.html and 3 other files".
func AndOthers(first string, more int, noun string) string {
	switch {
	case more == 1:
		return first + " and another " + noun
	case more > 1:
		return fmt.Sprintf("%s and %d other %ss", first, more, noun)
	}
	return first
}
