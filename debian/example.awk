# Makes an example of thaw.conf from `thaw tables config`: each setting with its default, as a comment.
NR == 1 { print "# Every setting of thaw.conf with its default; thaw.conf(5) says more." }
NR > 1 { printf "\n# %s\n#%s = %s\n", $5, $1, $3 }
