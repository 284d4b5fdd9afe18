module mjpegazer

go 1.26
