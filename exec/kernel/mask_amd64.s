#include "textflag.h"

// Kernels that make masks, a bit a row, take whole words of 64 rows, and at least one.

DATA counting<>+0(SB)/8, $0x0000000100000000
DATA counting<>+8(SB)/8, $0x0000000300000002
DATA counting<>+16(SB)/8, $0x0000000500000004
DATA counting<>+24(SB)/8, $0x0000000700000006
DATA counting<>+32(SB)/8, $0x0000000900000008
DATA counting<>+40(SB)/8, $0x0000000b0000000a
DATA counting<>+48(SB)/8, $0x0000000d0000000c
DATA counting<>+56(SB)/8, $0x0000000f0000000e
GLOBL counting<>(SB), RODATA|NOPTR, $64

// The next 16 rows of the word in AX, which have these numbers.
#define POSITIONS16(NUMBERS) \
	KMOVW	AX, K1 \
	VPCOMPRESSD.Z	NUMBERS, K1, Z5 \
	VMOVDQU32	Z5, (DI) \
	MOVWLZX	AX, DX \
	POPCNTL	DX, DX \
	LEAQ	(DI)(DX*4), DI \
	SHRQ	$16, AX

#define RANGE512(BROADCAST) \
	MOVQ	values+0(FP), SI \
	MOVQ	words+8(FP), CX \
	BROADCAST	lo+16(FP), Z0 \
	BROADCAST	span+24(FP), Z1 \
	MOVQ	masks+32(FP), DI

#define CODES512 \
	MOVQ	codes+0(FP), SI \
	MOVQ	words+8(FP), CX \
	MOVQ	lut+16(FP), BX \
	VPBROADCASTD	quarters+24(FP), Z5 \
	MOVQ	masks+32(FP), DI \
	SHLQ	$2, CX \
	MOVL	$0xff, AX \
	VPBROADCASTD	AX, Z1

// The bytes of the table for the codes in Z2: a lane loads the four that its own is
// among, if there are such, and turns its own down.
#define GATHER512 \
	VPSRLD	$2, Z2, Z3 \
	VPCMPUD	$1, Z5, Z3, K1 \
	VPXORD	Z4, Z4, Z4 \
	VPGATHERDD	(BX)(Z3*4), K1, Z4 \
	VPSLLD	$3, Z2, Z2 \
	VPRORVD	Z2, Z4, Z4 \
	VPTESTMD	Z1, Z4, K2 \
	KMOVW	K2, (DI)

// Offsets of keys from the lowest, in Z2, and their bits in the set, if below span.
#define PROBE512(KEYS) \
	KEYS	(SI), Z2 \
	VPSUBQ	Z5, Z2, Z2 \
	VPCMPUQ	$1, Z6, Z2, K1 \
	KMOVB	K1, K3 \
	VPSRLQ	$5, Z2, Z3 \
	VPXORD	Y4, Y4, Y4 \
	VPGATHERQD	(BX)(Z3*4), K1, Y4 \
	VPMOVQD	Z2, Y2 \
	VPROLVD	Y2, Y1, Y2 \
	VPTESTMD	Y2, Y4, K3, K2 \
	KMOVB	K2, (DI) \
	INCQ	DI

#define SETUPPROBE512 \
	MOVQ	keys+0(FP), SI \
	MOVQ	words+8(FP), CX \
	VPBROADCASTQ	low+16(FP), Z5 \
	VPBROADCASTQ	span+24(FP), Z6 \
	MOVQ	set+32(FP), BX \
	MOVQ	masks+40(FP), DI \
	SHLQ	$3, CX \
	MOVL	$1, AX \
	VPBROADCASTD	AX, Y1

#define RANGE256(BROADCAST) \
	MOVQ	values+0(FP), SI \
	MOVQ	words+8(FP), CX \
	BROADCAST	lo+16(FP), Y0 \
	BROADCAST	span+24(FP), Y1 \
	MOVQ	masks+32(FP), DI

#define CODES256 \
	MOVQ	codes+0(FP), SI \
	MOVQ	words+8(FP), CX \
	MOVQ	lut+16(FP), BX \
	VPBROADCASTD	quarters+24(FP), Y5 \
	MOVQ	masks+32(FP), DI \
	SHLQ	$3, CX \
	MOVL	$24, AX \
	VMOVD	AX, X1 \
	VPBROADCASTD	X1, Y1

// GATHER512 with 8 lanes.
#define GATHER256 \
	VPSRLD	$2, Y2, Y3 \
	VPCMPGTD	Y3, Y5, Y6 \
	VPXOR	Y4, Y4, Y4 \
	VPGATHERDD	Y6, (BX)(Y3*4), Y4 \
	VPSLLD	$3, Y2, Y2 \
	VPAND	Y1, Y2, Y2 \
	VPSRLVD	Y2, Y4, Y4 \
	VPSLLD	$31, Y4, Y4 \
	VMOVMSKPS	Y4, AX \
	MOVB	AX, (DI) \
	INCQ	DI

// Comparisons are signed, so low and span have their upper bits turned.
#define SETUPPROBE256 \
	MOVQ	keys+0(FP), SI \
	MOVQ	words+8(FP), CX \
	VPBROADCASTQ	low+16(FP), Y5 \
	VPBROADCASTQ	span+24(FP), Y6 \
	MOVQ	set+32(FP), BX \
	MOVQ	masks+40(FP), DI \
	SHLQ	$3, CX \
	VPCMPEQQ	Y7, Y7, Y7 \
	VPSRLQ	$58, Y7, Y1 \
	VPSLLQ	$63, Y7, Y7 \
	VPXOR	Y7, Y6, Y6

// Which of 4 keys pass, into TO.
#define PROBE256(KEYS, AT, TO) \
	KEYS	AT(SI), Y2 \
	VPSUBQ	Y5, Y2, Y2 \
	VPXOR	Y7, Y2, Y3 \
	VPCMPGTQ	Y3, Y6, Y8 \
	VPSRLQ	$6, Y2, Y3 \
	VPXOR	Y4, Y4, Y4 \
	VPGATHERQQ	Y8, (BX)(Y3*8), Y4 \
	VPAND	Y1, Y2, Y2 \
	VPSRLVQ	Y2, Y4, Y4 \
	VPSLLQ	$63, Y4, Y4 \
	VMOVMSKPD	Y4, TO

#define BOTH256 \
	SHLL	$4, DX \
	ORL	DX, AX \
	MOVB	AX, (DI) \
	INCQ	DI

// func positionsAVX512(masks *uint64, words int, first uint32, out *uint32) int
TEXT ·positionsAVX512(SB), NOSPLIT, $0-40
	MOVQ         masks+0(FP), SI
	MOVQ         words+8(FP), CX
	MOVQ         out+24(FP), DI
	MOVQ         DI, R8
	MOVL         first+16(FP), AX
	VPBROADCASTD AX, Z0
	VPADDD       counting<>(SB), Z0, Z0
	MOVL         $16, AX
	VPBROADCASTD AX, Z4
	VPADDD       Z4, Z0, Z1
	VPADDD       Z4, Z1, Z2
	VPADDD       Z4, Z2, Z3
	VPSLLD       $2, Z4, Z4

loop:
	MOVQ  (SI), AX
	TESTQ AX, AX
	JEQ   next
	POSITIONS16(Z0)
	POSITIONS16(Z1)
	POSITIONS16(Z2)
	POSITIONS16(Z3)

next:
	VPADDD Z4, Z0, Z0
	VPADDD Z4, Z1, Z1
	VPADDD Z4, Z2, Z2
	VPADDD Z4, Z3, Z3
	ADDQ   $8, SI
	DECQ   CX
	JNE    loop
	SUBQ   R8, DI
	SHRQ   $2, DI
	MOVQ   DI, ret+32(FP)
	VZEROUPPER
	RET

// func positionsAVX2(masks *uint64, words int, first uint32, out *uint32, places *[256]uint64) int
TEXT ·positionsAVX2(SB), NOSPLIT, $0-48
	MOVQ         masks+0(FP), SI
	MOVQ         words+8(FP), CX
	MOVQ         out+24(FP), DI
	MOVQ         places+32(FP), BX
	MOVQ         DI, R8
	SHLQ         $3, CX
	MOVL         first+16(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	MOVL         $8, AX
	VMOVD        AX, X4
	VPBROADCASTD X4, Y4

loop:
	MOVBLZX   (SI), AX
	VPMOVZXBD (BX)(AX*8), Y1
	VPADDD    Y0, Y1, Y1
	VMOVDQU   Y1, (DI)
	POPCNTL   AX, AX
	LEAQ      (DI)(AX*4), DI
	VPADDD    Y4, Y0, Y0
	INCQ      SI
	DECQ      CX
	JNE       loop
	SUBQ      R8, DI
	SHRQ      $2, DI
	MOVQ      DI, ret+40(FP)
	VZEROUPPER
	RET

// func range8AVX512(values *uint8, words int, lo, span uint64, masks *uint64)
TEXT ·range8AVX512(SB), NOSPLIT, $0-40
	RANGE512(VPBROADCASTB)

loop:
	VMOVDQU64 (SI), Z2
	VPSUBB    Z0, Z2, Z2
	VPCMPUB   $2, Z1, Z2, K1
	KMOVQ     K1, (DI)
	ADDQ      $64, SI
	ADDQ      $8, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func range16AVX512(values *int16, words int, lo, span uint64, masks *uint64)
TEXT ·range16AVX512(SB), NOSPLIT, $0-40
	RANGE512(VPBROADCASTW)
	SHLQ $1, CX

loop:
	VMOVDQU64 (SI), Z2
	VPSUBW    Z0, Z2, Z2
	VPCMPUW   $2, Z1, Z2, K1
	KMOVD     K1, (DI)
	ADDQ      $64, SI
	ADDQ      $4, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func range32AVX512(values *int32, words int, lo, span uint64, masks *uint64)
TEXT ·range32AVX512(SB), NOSPLIT, $0-40
	RANGE512(VPBROADCASTD)
	SHLQ $2, CX

loop:
	VMOVDQU64 (SI), Z2
	VPSUBD    Z0, Z2, Z2
	VPCMPUD   $2, Z1, Z2, K1
	KMOVW     K1, (DI)
	ADDQ      $64, SI
	ADDQ      $2, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func range64AVX512(values *int64, words int, lo, span uint64, masks *uint64)
TEXT ·range64AVX512(SB), NOSPLIT, $0-40
	RANGE512(VPBROADCASTQ)
	SHLQ $3, CX

loop:
	VMOVDQU64 (SI), Z2
	VPSUBQ    Z0, Z2, Z2
	VPCMPUQ   $2, Z1, Z2, K1
	KMOVB     K1, (DI)
	ADDQ      $64, SI
	INCQ      DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func codes8AVX512(codes *uint8, words int, lut *[256]uint8, masks *uint64)
TEXT ·codes8AVX512(SB), NOSPLIT, $0-32
	MOVQ      codes+0(FP), SI
	MOVQ      words+8(FP), CX
	MOVQ      lut+16(FP), BX
	MOVQ      masks+24(FP), DI
	VMOVDQU64 (BX), Z0
	VMOVDQU64 64(BX), Z1
	VMOVDQU64 128(BX), Z2
	VMOVDQU64 192(BX), Z3

loop:
	VMOVDQU64 (SI), Z4
	VMOVDQA64 Z4, Z5
	VPMOVB2M  Z4, K1
	VPERMI2B  Z1, Z0, Z4
	VPERMI2B  Z3, Z2, Z5
	VPBLENDMB Z5, Z4, K1, Z4
	VPTESTMB  Z4, Z4, K1
	KMOVQ     K1, (DI)
	ADDQ      $64, SI
	ADDQ      $8, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func codes16AVX512(codes *uint16, words int, lut *uint8, quarters uint64, masks *uint64)
TEXT ·codes16AVX512(SB), NOSPLIT, $0-40
	CODES512

loop:
	VPMOVZXWD (SI), Z2
	GATHER512
	ADDQ      $32, SI
	ADDQ      $2, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func codes32AVX512(codes *uint32, words int, lut *uint8, quarters uint64, masks *uint64)
TEXT ·codes32AVX512(SB), NOSPLIT, $0-40
	CODES512

loop:
	VMOVDQU32 (SI), Z2
	GATHER512
	ADDQ      $64, SI
	ADDQ      $2, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func probe32AVX512(keys *int32, words int, low, span uint64, set *uint64, masks *uint64)
TEXT ·probe32AVX512(SB), NOSPLIT, $0-48
	SETUPPROBE512

loop:
	PROBE512(VPMOVSXDQ)
	ADDQ $32, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func probe64AVX512(keys *int64, words int, low, span uint64, set *uint64, masks *uint64)
TEXT ·probe64AVX512(SB), NOSPLIT, $0-48
	SETUPPROBE512

loop:
	PROBE512(VMOVDQU64)
	ADDQ $64, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func range8AVX2(values *uint8, words int, lo, span uint64, masks *uint64)
TEXT ·range8AVX2(SB), NOSPLIT, $0-40
	RANGE256(VPBROADCASTB)
	SHLQ         $1, CX

loop:
	VMOVDQU   (SI), Y2
	VPSUBB    Y0, Y2, Y2
	VPMINUB   Y1, Y2, Y3
	VPCMPEQB  Y2, Y3, Y3
	VPMOVMSKB Y3, AX
	MOVL      AX, (DI)
	ADDQ      $32, SI
	ADDQ      $4, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func range32AVX2(values *int32, words int, lo, span uint64, masks *uint64)
TEXT ·range32AVX2(SB), NOSPLIT, $0-40
	RANGE256(VPBROADCASTD)
	SHLQ         $3, CX

loop:
	VMOVDQU   (SI), Y2
	VPSUBD    Y0, Y2, Y2
	VPMINUD   Y1, Y2, Y3
	VPCMPEQD  Y2, Y3, Y3
	VMOVMSKPS Y3, AX
	MOVB      AX, (DI)
	ADDQ      $32, SI
	INCQ      DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func range64AVX2(values *int64, words int, lo, span uint64, masks *uint64)
TEXT ·range64AVX2(SB), NOSPLIT, $0-40
	RANGE256(VPBROADCASTQ)
	SHLQ         $3, CX

	// Both sides of the comparison are turned to signed ones.
	VPCMPEQQ Y4, Y4, Y4
	VPSLLQ   $63, Y4, Y4
	VPXOR    Y4, Y1, Y1
	VPADDQ   Y4, Y0, Y0

loop:
	VMOVDQU   (SI), Y2
	VMOVDQU   32(SI), Y3
	VPSUBQ    Y0, Y2, Y2
	VPSUBQ    Y0, Y3, Y3
	VPCMPGTQ  Y1, Y2, Y2
	VPCMPGTQ  Y1, Y3, Y3
	VMOVMSKPD Y2, AX
	VMOVMSKPD Y3, DX
	SHLL      $4, DX
	ORL       DX, AX
	NOTL      AX
	MOVB      AX, (DI)
	ADDQ      $64, SI
	INCQ      DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET

// func or64AVX512(values *int64, n uint64, rows *uint32, count int) uint64
TEXT ·or64AVX512(SB), NOSPLIT, $0-40
	MOVQ         values+0(FP), BX
	VPBROADCASTD n+8(FP), Y6
	MOVQ         rows+16(FP), SI
	MOVQ         count+24(FP), CX
	VPXORD       Z0, Z0, Z0

loop:
	VMOVDQU    (SI), Y1
	VPCMPUD    $1, Y6, Y1, K1
	VPXORD     Z2, Z2, Z2
	VPGATHERDQ (BX)(Y1*8), K1, Z2
	VPSRAQ     $63, Z2, Z3
	VPTERNLOGQ $0xF6, Z3, Z2, Z0
	ADDQ       $32, SI
	SUBQ       $8, CX
	JNE        loop

	VEXTRACTI64X4 $1, Z0, Y1
	VPOR          Y1, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPOR          X1, X0, X0
	VPSRLDQ       $8, X0, X1
	VPOR          X1, X0, X0
	VMOVQ         X0, AX
	MOVQ          AX, ret+32(FP)
	VZEROUPPER
	RET

// func codes8AVX2(codes *uint8, words int, lut *uint8, quarters uint64, masks *uint64)
TEXT ·codes8AVX2(SB), NOSPLIT, $0-40
	CODES256

loop:
	VPMOVZXBD (SI), Y2
	GATHER256
	ADDQ $8, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func codes16AVX2(codes *uint16, words int, lut *uint8, quarters uint64, masks *uint64)
TEXT ·codes16AVX2(SB), NOSPLIT, $0-40
	CODES256

loop:
	VPMOVZXWD (SI), Y2
	GATHER256
	ADDQ $16, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func codes32AVX2(codes *uint32, words int, lut *uint8, quarters uint64, masks *uint64)
TEXT ·codes32AVX2(SB), NOSPLIT, $0-40
	CODES256

loop:
	VMOVDQU (SI), Y2
	GATHER256
	ADDQ $32, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func probe32AVX2(keys *int32, words int, low, span uint64, set *uint64, masks *uint64)
TEXT ·probe32AVX2(SB), NOSPLIT, $0-48
	SETUPPROBE256

loop:
	PROBE256(VPMOVSXDQ, 0, AX)
	PROBE256(VPMOVSXDQ, 16, DX)
	BOTH256
	ADDQ $32, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func probe64AVX2(keys *int64, words int, low, span uint64, set *uint64, masks *uint64)
TEXT ·probe64AVX2(SB), NOSPLIT, $0-48
	SETUPPROBE256

loop:
	PROBE256(VMOVDQU, 0, AX)
	PROBE256(VMOVDQU, 32, DX)
	BOTH256
	ADDQ $64, SI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func range16AVX2(values *int16, words int, lo, span uint64, masks *uint64)
TEXT ·range16AVX2(SB), NOSPLIT, $0-40
	RANGE256(VPBROADCASTW)
	SHLQ $1, CX

loop:
	VMOVDQU   (SI), Y2
	VMOVDQU   32(SI), Y3
	VPSUBW    Y0, Y2, Y2
	VPSUBW    Y0, Y3, Y3
	VPMINUW   Y1, Y2, Y4
	VPMINUW   Y1, Y3, Y5
	VPCMPEQW  Y2, Y4, Y4
	VPCMPEQW  Y3, Y5, Y5
	VPACKSSWB Y5, Y4, Y4
	VPERMQ    $0xD8, Y4, Y4
	VPMOVMSKB Y4, AX
	MOVL      AX, (DI)
	ADDQ      $64, SI
	ADDQ      $4, DI
	DECQ      CX
	JNE       loop
	VZEROUPPER
	RET
