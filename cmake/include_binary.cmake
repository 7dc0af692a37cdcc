# tocsin_include_binary(OUT SYMBOL PATH) appends C++ to OUT that has the assembler put the bytes of PATH between SYMBOL and
# SYMBOL_end: a compiler would need longer for literals of that size than for all else.
function(tocsin_include_binary out symbol path)
  string(APPEND ${out}
    "asm(\".pushsection .rodata\\n${symbol}:\\n.incbin \\\"${path}\\\"\\n${symbol}_end:\\n.popsection\\n\");\n"
    "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
  set(${out} "${${out}}" PARENT_SCOPE)
endfunction()
