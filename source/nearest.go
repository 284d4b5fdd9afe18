package source

// Nearest returns the word of known that a misspelt one is likely to mean, as in "did you mean …?", or "".
func Nearest(word string, known []string) (likely string) {
	least := 2 // typing errors that are believed, and one
	switch {
	case len(word) >= 9:
		least = 4
	case len(word) >= 5:
		least = 3
	}
	for _, k := range known {
		if n := distance(word, k); n < least {
			likely, least = k, n
		}
	}
	return likely
}

// distance counts the characters to insert, remove, replace or swap to make b of a.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
